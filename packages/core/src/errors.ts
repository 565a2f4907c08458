import { systemFailure } from './common/system-errors.js';

/**
 * Every code that weightseal can fail with, and the class it belongs to. Codes are stable across versions;
 * messages are not. docs/errors.md says what to do about each.
 */
export const ERROR_CODES = {
  // The call itself is wrong.
  INVALID_ARGUMENT: 'usage',
  CONFIG_INVALID: 'usage',
  CONFIG_UNTRUSTED: 'usage',
  CONTEXT_INVALID: 'usage',
  KEY_URI_INVALID: 'usage',
  STORE_URI_INVALID: 'usage',
  PROVIDER_UNKNOWN: 'usage',
  PROVIDER_MISSING: 'usage',
  PROVIDER_INVALID: 'usage',
  RECIPIENT_NOT_FOUND: 'usage',
  RECIPIENT_REQUIRED: 'usage',
  ENVELOPE_FULL: 'usage',
  ALREADY_SEALED: 'usage',
  GENERATION_EXHAUSTED: 'usage',
  TENSOR_NOT_FOUND: 'usage',
  MEMBER_NOT_FOUND: 'usage',
  BUNDLE_LIMIT: 'usage',
  COMMAND_NOT_FOUND: 'usage',
  COMMAND_NOT_EXECUTABLE: 'usage',
  // The bytes are not a sealed file that this version reads.
  NOT_SEALED: 'format',
  UNSUPPORTED_VERSION: 'format',
  HEADER_INVALID: 'format',
  ENVELOPE_DAMAGED: 'format',
  ENVELOPE_INVALID: 'format',
  PAYLOAD_HEADER_INVALID: 'format',
  SAFETENSORS_INVALID: 'format',
  BUNDLE_INCOMPLETE: 'format',
  PATH_INVALID: 'format',
  LINK_INVALID: 'format',
  TABLE_INVALID: 'format',
  // The bytes were sealed, and are no longer what was sealed.
  ENVELOPE_TAMPERED: 'integrity',
  METADATA_TAMPERED: 'integrity',
  PAYLOAD_HEADER_TAMPERED: 'integrity',
  PAYLOAD_TRUNCATED: 'integrity',
  PAYLOAD_TRAILING_DATA: 'integrity',
  SEGMENT_TAMPERED: 'integrity',
  SEGMENT_REORDERED: 'integrity',
  SEGMENT_REPEATED: 'integrity',
  SEGMENT_MISSING: 'integrity',
  DIGEST_MISMATCH: 'integrity',
  TABLE_TAMPERED: 'integrity',
  MEMBER_MISSING: 'integrity',
  MEMBER_EXTRA: 'integrity',
  MEMBER_TAMPERED: 'integrity',
  // The file is sound, and is not the one that the caller asked for.
  CONTEXT_MISMATCH: 'context',
  // Nobody who is trusted has released it, or it is not what was released, or not the current one; or the other end of a connection is not whom it must be.
  MANIFEST_MISSING: 'trust',
  MANIFEST_INVALID: 'trust',
  MANIFEST_MISMATCH: 'trust',
  SIGNATURE_MISSING: 'trust',
  SIGNATURE_INVALID: 'trust',
  SIGNATURE_REJECTED: 'trust',
  SIGNATURE_MISMATCH: 'trust',
  SIGNER_UNTRUSTED: 'trust',
  SIGNING_KEY_UNFIT: 'trust',
  CERTIFICATE_INVALID: 'trust',
  CERTIFICATE_EXPIRED: 'trust',
  CERTIFICATE_NOT_YET_VALID: 'trust',
  CERTIFICATE_USAGE: 'trust',
  CERTIFICATE_UNTRUSTED: 'trust',
  CERTIFICATE_MISSING: 'trust',
  CERTIFICATE_REVOKED: 'trust',
  REVOCATION_UNKNOWN: 'trust',
  CERTIFICATE_NAME_MISMATCH: 'trust',
  CERTIFICATE_DEVELOPMENT: 'trust',
  CLIENT_FORBIDDEN: 'trust',
  TLS_REFUSED: 'trust',
  RELEASE_TOO_OLD: 'trust',
  RELEASE_EXPIRED: 'trust',
  RELEASE_NOT_CURRENT: 'trust',
  CHANNEL_MISSING: 'trust',
  CHANNEL_INVALID: 'trust',
  CHANNEL_EXPIRED: 'trust',
  CHANNEL_ROLLED_BACK: 'trust',
  // No key opens it.
  NO_MATCHING_KEY: 'key',
  UNWRAP_FAILED: 'key',
  UNWRAP_REJECTED: 'key',
  WRAP_FAILED: 'key',
  WRAP_NOT_VERIFIED: 'key',
  KEY_NOT_FOUND: 'key',
  KEY_DENIED: 'key',
  KEY_DISABLED: 'key',
  KEY_THROTTLED: 'key',
  KEY_UNAVAILABLE: 'key',
  KEY_TIMEOUT: 'key',
  KEY_RESPONSE_INVALID: 'key',
  KEY_FILE_INVALID: 'key',
  KEY_FILE_EXPOSED: 'key',
  PASSPHRASE_REQUIRED: 'key',
  PASSPHRASE_WEAK: 'key',
  // Where sealed things lie said no.
  STORE_DENIED: 'store',
  STORE_THROTTLED: 'store',
  STORE_UNAVAILABLE: 'store',
  STORE_TIMEOUT: 'store',
  STORE_RESPONSE_INVALID: 'store',
  STORE_UNSUPPORTED: 'store',
  STORE_CHANGED: 'store',
  // The machine said no.
  INPUT_NOT_FOUND: 'io',
  INPUT_CHANGED: 'io',
  OUTPUT_EXISTS: 'io',
  NO_SPACE: 'io',
  MEMORY_FS_REQUIRED: 'io',
  MEMORY_LIMIT: 'io',
  SWAP_POSSIBLE: 'io',
  IO_ERROR: 'io',
  ABORTED: 'aborted',
  INTERNAL: 'internal',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;
export type ErrorClass = (typeof ERROR_CODES)[ErrorCode];

// In the global registry, so that errors of two installed versions of this package know each other.
const marker = Symbol.for('weightseal.error');

export interface WeightsealErrorOptions {
  /** The error underneath, kept whole. */
  readonly cause?: unknown;
  /** When several keys were tried: what each of them said, in the order in which they were tried. */
  readonly failures?: readonly WeightsealError[];
}

/** The one error class: `code` is stable, `message` is a sentence that says what to do. Never holds a secret. */
export class WeightsealError extends Error {
  override readonly name = 'WeightsealError';
  readonly code: ErrorCode;
  readonly failures: readonly WeightsealError[];
  constructor(code: ErrorCode, message: string, options: WeightsealErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.failures = options.failures ?? [];
    Object.defineProperty(this, marker, { value: true });
  }

  /** What kind of failure this is: the CLI's exit code follows from it. */
  get class(): ErrorClass {
    return ERROR_CODES[this.code];
  }
}

/** True for an error of this family, also one that another installed version of the package threw. */
export function isWeightsealError(error: unknown): error is WeightsealError {
  if (typeof error !== 'object' || error === null || !(marker in error)) return false;
  // The marker alone is anybody's; without a code there is nothing to go by. A newer version may have codes that this one does not know.
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return typeof code === 'string' && typeof message === 'string';
}

/** Throws ABORTED, with the signal's reason as its cause, once the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(signal);
}

export function abortedError(signal: AbortSignal): WeightsealError {
  return new WeightsealError(
    'ABORTED',
    'Stopped because the caller aborted; nothing half done is in its place.',
    {
      cause: signal.reason,
    },
  );
}

/** Gives an error of the system its code and the sentence that says what to do. Errors of ours pass unchanged. */
export function ioError(error: unknown, doing: string): WeightsealError {
  if (isWeightsealError(error)) return error;
  const { code, hint } = systemFailure(error) ?? unknownFailure(error);
  return new WeightsealError(code, `Could not ${doing}. ${hint}`, { cause: error });
}

function unknownFailure(error: unknown): { code: ErrorCode; hint: string } {
  const code = (error as { code?: unknown } | null)?.code;
  return { code: 'IO_ERROR', hint: `The system said ${typeof code === 'string' ? code : String(error)}.` };
}

import { type ErrorCode, systemFailure, WeightsealError } from '@weightseal/core';
import { CKR } from './cryptoki/constants.js';
import type { Failure, HelperFailure } from './messages.js';

type Row = readonly [code: ErrorCode, sentence: string];

const WRONG_PIN: Row = [
  'KEY_DENIED',
  'The token refused the PIN, and this process will not send the same one again: a token locks itself after a few wrong ones. Correct the PIN.',
];
const NO_WRITING: Row = [
  'KEY_DENIED',
  'The token lets this user make no key. Rotating needs a read-write session and the right to generate keys.',
];
const POLICY: Row = [
  'KEY_DENIED',
  "The token's policy forbids this to the user that the PIN is of; let its officer allow it.",
];
const OFF: Row = [
  'KEY_DISABLED',
  'The key may not encrypt or not decrypt: set CKA_ENCRYPT and CKA_DECRYPT, or rotate.',
];
const NO_SIGNING: Row = [
  'KEY_DISABLED',
  'The key may not sign: set CKA_SIGN on the private key, or make another one.',
];
const NO_SIGNER: Row = [
  'SIGNING_KEY_UNFIT',
  'The key signs nothing here: it takes a key for ECDSA by P-256, P-384 or P-521, with CKM_ECDSA, or an RSA key of 2048 bits at least, with CKM_RSA_PKCS.',
];
const OUTAGE: Row = [
  'KEY_UNAVAILABLE',
  "The module or its token fails; see the vendor's log, and try again.",
];
const GONE: Row = [
  'KEY_UNAVAILABLE',
  'The token was taken out or cannot be reached; put it back, and try again.',
];
const FULL: Row = ['KEY_UNAVAILABLE', 'The machine or the token has no memory left; make room.'];
const UNFIT: Row = [
  'KEY_RESPONSE_INVALID',
  'The module does not do what PKCS#11 2.40 says of AES keys and CKM_AES_GCM; look for a newer firmware or module.',
];
const REJECTED: Row = [
  'UNWRAP_REJECTED',
  'The key that the wrap names does not open it: the wrap or its context was changed, or another key has the same label and id. Check the context, or put back an intact copy.',
];

/** What each code of PKCS#11 means here; any other is an outage. */
const BY_CODE: ReadonlyMap<number, Row> = new Map<number, Row>([
  [CKR.PIN_INCORRECT, WRONG_PIN],
  [CKR.PIN_INVALID, WRONG_PIN],
  [CKR.PIN_LEN_RANGE, WRONG_PIN],
  [CKR.PIN_EXPIRED, ['KEY_DENIED', "The PIN has expired; set a new one with the vendor's tool."]],
  [
    CKR.PIN_LOCKED,
    [
      'KEY_DENIED',
      'The PIN is locked after wrong ones; the security officer has to set it anew (`pkcs11-tool --init-pin`).',
    ],
  ],
  [
    CKR.USER_PIN_NOT_INITIALIZED,
    [
      'KEY_DENIED',
      'The token has no user PIN yet; the security officer has to set one (`pkcs11-tool --init-pin`).',
    ],
  ],
  [CKR.USER_ANOTHER_ALREADY_LOGGED_IN, POLICY],
  [CKR.USER_NOT_LOGGED_IN, ['KEY_DENIED', 'The token does not keep the login; check what else uses it.']],
  [CKR.ACTION_PROHIBITED, POLICY],
  [CKR.FUNCTION_REJECTED, POLICY],
  [CKR.SESSION_READ_ONLY, NO_WRITING],
  [CKR.SESSION_READ_WRITE_SO_EXISTS, POLICY],
  [CKR.TOKEN_WRITE_PROTECTED, NO_WRITING],
  [CKR.KEY_FUNCTION_NOT_PERMITTED, OFF],
  [
    CKR.SESSION_COUNT,
    ['KEY_THROTTLED', 'The token has no session left; end other programs that use it, or raise its limit.'],
  ],
  [CKR.HOST_MEMORY, FULL],
  [CKR.DEVICE_MEMORY, FULL],
  [CKR.CANT_LOCK, UNFIT],
  [CKR.DEVICE_REMOVED, GONE],
  [CKR.TOKEN_NOT_PRESENT, GONE],
  [CKR.TOKEN_NOT_RECOGNIZED, GONE],
  [CKR.SLOT_ID_INVALID, GONE],
  [CKR.KEY_HANDLE_INVALID, ['KEY_NOT_FOUND', 'The key was deleted meanwhile.']],
  [CKR.OBJECT_HANDLE_INVALID, ['KEY_NOT_FOUND', 'The key was deleted meanwhile.']],
  [CKR.ATTRIBUTE_VALUE_INVALID, UNFIT],
  [CKR.TEMPLATE_INCOMPLETE, UNFIT],
  [CKR.TEMPLATE_INCONSISTENT, UNFIT],
  [CKR.FUNCTION_NOT_SUPPORTED, UNFIT],
  [CKR.KEY_SIZE_RANGE, UNFIT],
  [CKR.KEY_TYPE_INCONSISTENT, UNFIT],
  [CKR.MECHANISM_INVALID, UNFIT],
  [CKR.MECHANISM_PARAM_INVALID, UNFIT],
]);

/** What the same codes mean of C_SignInit and C_Sign. */
const OF_SIGNING: ReadonlyMap<number, Row> = new Map<number, Row>([
  [CKR.KEY_FUNCTION_NOT_PERMITTED, NO_SIGNING],
  [CKR.KEY_SIZE_RANGE, NO_SIGNER],
  [CKR.KEY_TYPE_INCONSISTENT, NO_SIGNER],
  [CKR.MECHANISM_INVALID, NO_SIGNER],
  [CKR.FUNCTION_NOT_SUPPORTED, NO_SIGNER],
  [CKR.DATA_LEN_RANGE, NO_SIGNER],
  [
    CKR.USER_NOT_LOGGED_IN,
    [
      'KEY_DENIED',
      'The token wants the PIN anew for each signature (CKA_ALWAYS_AUTHENTICATE), which nothing here can give; use a key without that.',
    ],
  ],
]);

/**
 * What C_Decrypt says of a tag that does not fit. PKCS#11 2.40 means CKR_ENCRYPTED_DATA_INVALID, 3.0 has a code of its own, and modules
 * give others: SoftHSM 2.6 CKR_GENERAL_ERROR. A module that failed for another reason just then would most likely have failed in C_DecryptInit.
 */
const TAG_REFUSED: ReadonlySet<number> = new Set([
  CKR.GENERAL_ERROR,
  CKR.FUNCTION_FAILED,
  CKR.DATA_INVALID,
  CKR.DATA_LEN_RANGE,
  CKR.AEAD_DECRYPT_FAILED,
  CKR.ENCRYPTED_DATA_INVALID,
  CKR.ENCRYPTED_DATA_LEN_RANGE,
  CKR.SIGNATURE_INVALID,
]);

/** Codes after which a session, a login or a token may be gone: what the helper knows is worth nothing any more. */
const STALE: ReadonlySet<number> = new Set([
  CKR.DEVICE_ERROR,
  CKR.DEVICE_REMOVED,
  CKR.SESSION_CLOSED,
  CKR.SESSION_HANDLE_INVALID,
  CKR.SLOT_ID_INVALID,
  CKR.TOKEN_NOT_PRESENT,
  CKR.TOKEN_NOT_RECOGNIZED,
  CKR.USER_NOT_LOGGED_IN,
  CKR.CRYPTOKI_NOT_INITIALIZED,
]);

const BY_KIND: Readonly<Record<Exclude<Failure['kind'], 'ckr'>, Row>> = {
  'login-needed': ['KEY_DENIED', 'The token does not keep the login; check what else uses it.'],
  'no-module': [
    'KEY_UNAVAILABLE',
    'The PKCS#11 module cannot be loaded; check its path, and that it is made for this machine.',
  ],
  'no-helper': [
    'KEY_UNAVAILABLE',
    "The helper process that holds the PKCS#11 module is gone or cannot be started; see the vendor's log, and try again.",
  ],
  'no-program': [
    'KEY_UNAVAILABLE',
    'The program of the helper process is not beside the code: it was bundled, or made a single executable. Leave @weightseal/kms-pkcs11 out of the bundle (as external), and start the program with node.',
  ],
  defect: ['INTERNAL', 'The helper process failed in a way that it should not.'],
  'no-token': [
    'KEY_NOT_FOUND',
    'No token that is initialized fits; `pkcs11-tool --module <path> --list-token-slots` shows those that are there.',
  ],
  'many-tokens': ['KEY_NOT_FOUND', 'More than one token fits; name its serial too.'],
  'no-mechanism': [
    'KEY_RESPONSE_INVALID',
    'The token does not encrypt and decrypt with CKM_AES_GCM, and weightseal wraps with nothing else; see `weightseal help pkcs11`.',
  ],
  'no-key': ['KEY_NOT_FOUND', 'The token holds no AES-256 key with this label or id that this user can see.'],
  'no-private-key': [
    'KEY_NOT_FOUND',
    'The token holds no private key with this label or id that this user can see.',
  ],
  'no-public-key': [
    'KEY_NOT_FOUND',
    'The token holds the private key, and no public one with the same id; write it there, too (`pkcs11-tool --write-object <file> --type pubkey --id <id>`).',
  ],
  'signs-nothing': NO_SIGNER,
  'may-not-sign': NO_SIGNING,
  'many-keys': [
    'KEY_NOT_FOUND',
    'The token holds two keys with this label and the same id, which nothing can tell apart; give one another id.',
  ],
  'no-version': [
    'UNWRAP_REJECTED',
    'The token holds keys with this label, and none with the id that the wrap names. Name the key that wrapped it, or restore that version.',
  ],
  disabled: OFF,
  'final-try': [
    'KEY_DENIED',
    'One more wrong PIN would lock the token, so none was sent. Log in once by hand with the right one (`pkcs11-tool --login --list-objects`).',
  ],
  'odd-answer': [
    'KEY_RESPONSE_INVALID',
    'The module answered something other than ciphertext and tag, or a data key. One that appends an IV to them (Luna in FIPS mode) cannot be used; see `weightseal help pkcs11`.',
  ],
  'other-id': [
    'KEY_RESPONSE_INVALID',
    'The token gave the new key another id than it was told. `weightseal keys check` shows which version wraps now; make the versions by hand.',
  ],
  'no-room': [
    'INVALID_ARGUMENT',
    'No id sorts after that of the newest key; make a new key under another label, and rewrap to it.',
  ],
};

/** Whether a new helper may do better. */
export function isStale(failure: Failure): boolean {
  return failure.kind === 'ckr' ? STALE.has(failure.rv) : failure.kind === 'no-helper';
}

/** Whether the token refused the PIN itself. */
export function isWrongPin(failure: Failure): boolean {
  return failure.kind === 'ckr' && BY_CODE.get(failure.rv) === WRONG_PIN;
}

/** Says what could not be done with which key, what to do, and what the module said. */
export function toError(cause: HelperFailure, doing: string): WeightsealError {
  const { failure } = cause;
  const [code, sentence] = notStarted(cause) ?? rowOf(failure);
  const said = saying(failure);
  return new WeightsealError(code, `Could not ${doing}. ${sentence}${said && ` (${said})`}`, { cause });
}

/** Where it is this machine that does not let the helper start, the module's vendor has nothing to say of it. */
function notStarted({ failure, cause }: HelperFailure): Row | undefined {
  const refused = failure.kind === 'no-helper' ? systemFailure(cause) : undefined;
  if (!refused) return undefined;
  // A process that was replaced by a newer one while it ran, or whose directory was removed.
  const hint =
    refused.errno === 'ENOENT'
      ? 'The program of Node that runs this process, or its working directory, is there no more; start it anew.'
      : refused.hint;
  return ['KEY_UNAVAILABLE', `The helper process that holds the PKCS#11 module cannot be started. ${hint}`];
}

function rowOf(failure: Failure): Row {
  if (failure.kind !== 'ckr') return BY_KIND[failure.kind] ?? BY_KIND.defect;
  if (failure.fn === 'C_Decrypt' && TAG_REFUSED.has(failure.rv)) return REJECTED;
  const ofSigning = failure.fn.startsWith('C_Sign') ? OF_SIGNING.get(failure.rv) : undefined;
  return ofSigning ?? BY_CODE.get(failure.rv) ?? OUTAGE;
}

function saying(failure: Failure): string {
  if ('detail' in failure) return failure.detail;
  if (failure.kind !== 'ckr') return '';
  const name = Object.entries(CKR).find(([, value]) => value === failure.rv)?.[0];
  return `${failure.fn} gave ${name ? `CKR_${name}` : `0x${failure.rv.toString(16).padStart(8, '0')}`}`;
}

/** What is worth knowing of an error that the SDK threw, and safe to show. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  /** Of the answer; undefined where there was none, or not to its end. */
  readonly status: number | undefined;
  /** Key Vault's code, such as `Forbidden`, or the system's, such as `ECONNRESET`. */
  readonly code: string | undefined;
  /** Key Vault's inner code, such as `KeyDisabled`. */
  readonly inner: string | undefined;
  readonly requestId: string | undefined;
}

interface SdkError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly details?: { readonly error?: { readonly innerError?: { readonly code?: unknown } } };
  readonly response?: { readonly headers?: { get?(name: string): unknown } };
  readonly errorResponse?: { readonly error?: unknown };
}

const MAX_MESSAGE = 600;
const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function failureOf(error: unknown): Failure {
  const from = (typeof error === 'object' && error !== null ? error : {}) as SdkError;
  const code = text(from.code);
  return {
    name: text(from.name) ?? 'Error',
    message: messageOf(from, code),
    status: typeof from.statusCode === 'number' ? from.statusCode : undefined,
    code,
    inner: text(from.details?.error?.innerError?.code),
    requestId: text(from.response?.headers?.get?.('x-ms-request-id')),
  };
}

/**
 * An error to keep as the cause. The SDK's own holds the request with its token and its body, which is the data key in
 * base64; a parse error quotes the body of the answer.
 */
export function scrubbed(failure: Failure): Error {
  const cause = new Error(failure.message);
  cause.name = failure.name;
  const { status, code, inner, requestId } = failure;
  return Object.assign(cause, { statusCode: status, code, innerCode: inner, requestId });
}

function messageOf(from: SdkError, code: string | undefined): string {
  // Both quote what came back, whatever it was.
  if (code === 'PARSE_ERROR' || from.name === 'SyntaxError') return 'The answer could not be parsed.';
  if (from.errorResponse?.error === 'unknown_error') return 'The token endpoint gave an answer that is none.';
  const message = typeof from.message === 'string' ? from.message : 'Something that is no error was thrown.';
  const clean = message.replace(/[A-Za-z0-9+=_~.-]{32,}/g, (run) => (isName(run) ? run : '[removed]'));
  return clean.length > MAX_MESSAGE ? `${clean.slice(0, MAX_MESSAGE)}…` : clean;
}

/** Host names and ids are long, too; no name has a tilde, and every client secret of Entra does. */
function isName(run: string): boolean {
  return !run.includes('~') && run.split(/[.=]/).every((part) => part.length < 32 || guid.test(part));
}

/** Shorter than a data key in base64, which a server could send as a code. */
function text(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.-]{1,42}$/.test(value) ? value : undefined;
}

/** What is worth knowing of a failure, and safe to show. */
export interface Details {
  readonly name?: string;
  readonly message: string;
  readonly code?: string | undefined;
  readonly status?: number | undefined;
}

const MAX_MESSAGE = 500;
/** Base64, hex, tokens, also escaped: what a server, or something before it, may repeat of the request. */
const keyLike = /[A-Za-z0-9+/=_%\\-]{32,}/g;
const byteList = /(?:\d{1,3}\s*,\s*){7,}\d{1,3}/g;
const unprintable = /[^\x20-\x7e]/;

/**
 * An error to keep as the cause. Node's own can hold the bytes of an answer (`rawPacket`), in which the data key is; and a server's words
 * can repeat the request.
 */
export function causeOf({ name = 'Error', message, code, status }: Details): Error {
  const words = message
    .replace(byteList, '[removed]')
    .replace(keyLike, '[removed]')
    .trim()
    .split(/[ \t\r\n]+/);
  // In a word with bytes that are no text, the letters are of the key as well.
  const clean = words.map((word) => (unprintable.test(word) ? '[removed]' : word)).join(' ');
  const cause = new Error(clean.length > MAX_MESSAGE ? `${clean.slice(0, MAX_MESSAGE)}…` : clean);
  cause.name = name;
  return Object.assign(cause, code !== undefined && { code }, status !== undefined && { status });
}

/** The same for something that was thrown. */
export function scrubbed(thrown: unknown): Error {
  const { name, message, code } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Error & {
    code?: unknown;
  };
  return causeOf({
    name: typeof name === 'string' && /^\w{1,40}$/.test(name) ? name : 'Error',
    message: typeof message === 'string' ? message : 'Something that is no error was thrown.',
    code: typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : undefined,
  });
}

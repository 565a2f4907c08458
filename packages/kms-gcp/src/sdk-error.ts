/** What is looked at of what the SDK throws. Nothing else is: its errors hold requests, tokens and answers. */
export interface SdkError {
  readonly name: string;
  readonly message: string;
  /** google.rpc.Code; the SDK puts one also where it never heard from the service. */
  readonly code: number | undefined;
  /** Of the HTTP answer, over REST. */
  readonly status: number | undefined;
  /** google.rpc.ErrorInfo.reason. */
  readonly reason: string;
  /** The codes of Node (ECONNRESET …) of the error and of its causes. */
  readonly systemCodes: string;
  /** The names of the error and of its causes. */
  readonly names: readonly string[];
}

const MAX_CAUSES = 8;

export function readError(thrown: unknown): SdkError {
  const chain = causes(thrown);
  const [error = {}] = chain;
  const { code, httpStatusCode: status, reason } = error;
  return {
    name: text(error['name']),
    // A closed client throws a string.
    message: typeof thrown === 'string' ? thrown : text(error['message']),
    code: typeof code === 'number' ? code : undefined,
    status: typeof status === 'number' ? status : undefined,
    reason: text(reason),
    systemCodes: chain.map((one) => text(one['code'])).join(' '),
    names: chain.map((one) => text(one['name'])),
  };
}

function causes(thrown: unknown): Record<string, unknown>[] {
  const chain: Record<string, unknown>[] = [];
  for (let one = thrown; isObject(one) && chain.length < MAX_CAUSES; one = one['cause']) chain.push(one);
  return chain;
}

const MAX_MESSAGE = 500;
/** Base64 or hex of a key, a token: where a server repeats what it was sent. Permissions and hosts are shorter. */
const keyLike = /[\w+/=.~%\\-]{40,}/g;
const numbers = /(?:\d{1,3}\s*,\s*){7,}\d{1,3}/g;
const unprintable = /[^\x20-\x7e]/;
const ofTheSdk = ['Error', 'TypeError', 'SyntaxError', 'GoogleError', 'GaxiosError'];

/**
 * A copy without the request, the answer, and what in its message could be a secret; `quote` says whether the message is
 * the service's, and worth showing at all.
 */
export function scrubbed(
  { name, message, code, status, reason }: SdkError,
  key: string,
  quote: boolean,
): Error {
  // The key's own name is as long as a token, and what the message is about.
  const shown = message
    .split(key)
    .map((part) => cutBytes(part).replace(numbers, '…').replace(keyLike, '…'))
    .join(key)
    .slice(0, MAX_MESSAGE);
  const copy = new Error(
    quote ? shown : 'The message is left out, since it may repeat the request or the answer.',
  );
  copy.name = ofTheSdk.includes(name) ? name : 'Error';
  return Object.assign(copy, {
    ...(code === undefined ? {} : { code }),
    ...(status === undefined ? {} : { status }),
    ...(/^[A-Z][A-Z0-9_]{1,41}$/.test(reason) ? { reason } : {}),
  });
}

/** Without the words that hold bytes which are no text: letters among them are of the key as well. */
function cutBytes(part: string): string {
  const words = part.split(/[ \t\r\n]+/).map((word) => (unprintable.test(word) ? '…' : word));
  return words.join(' ');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

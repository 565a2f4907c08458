import { WeightsealError } from './errors.js';

// What callers without TypeScript can get wrong, said before anything is done.

type Kind = 'any' | 'boolean' | 'function' | 'string' | 'path' | 'signal' | 'list' | 'object';

/** The options that mean the same in every function, and what each must be where it is given. What is checked elsewhere may be anything here. */
const KINDS: Readonly<Record<string, Kind>> = {
  keys: 'any',
  context: 'any',
  hedgeMs: 'any',
  deadlineMs: 'any',
  segmentLength: 'any',
  concurrency: 'any',
  requestBytes: 'any',
  signal: 'signal',
  onProgress: 'function',
  onWait: 'function',
  digest: 'boolean',
  overwrite: 'boolean',
  strict: 'boolean',
  whole: 'boolean',
  grow: 'boolean',
  name: 'string',
  add: 'list',
  remove: 'list',
  formerUris: 'list',
  allowKeyOfOthers: 'boolean',
  allowWeakPassphrase: 'boolean',
};

const IS: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  any: () => true,
  boolean: (value) => typeof value === 'boolean',
  function: (value) => typeof value === 'function',
  string: (value) => typeof value === 'string',
  path: (value) => typeof value === 'string' || isUrl(value),
  signal: isSignal,
  list: Array.isArray,
  object: (value) => typeof value === 'object' && value !== null,
};

const SAYS: Readonly<Record<Kind, string>> = {
  any: 'what it is',
  boolean: 'true or false',
  function: 'a function',
  string: 'a text',
  path: 'a path or a file: URL',
  signal: 'an AbortSignal, as `new AbortController().signal` is one',
  list: 'an array',
  object: 'an object',
};

/**
 * The options of a call, once they are an object whose members are what they must be. Members that are undefined are left out. What is not known here or
 * in `more` may be another function's; but what is misspelt would be left out in silence, a context that is expected above all.
 *
 * @param of the function that is called, for the message
 * @throws INVALID_ARGUMENT
 */
export function checkKinds<T extends object>(
  options: T,
  of: string,
  more: Readonly<Record<string, Kind>> = {},
): T {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const found = options === undefined ? 'has none' : `got ${nameOf(options)} instead`;
    throw invalidArgument(`${of} needs its options, as an object, and ${found}.`);
  }
  for (const [name, value] of Object.entries(options)) {
    const kinds = Object.hasOwn(more, name) ? more : KINDS;
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) {
      const meant = [...Object.keys(KINDS), ...Object.keys(more)].find((one) => isSlip(name, one));
      if (meant !== undefined)
        throw invalidArgument(`${of} has no option \`${name}\`; did you mean \`${meant}\`?`);
      continue;
    }
    if (value === undefined || IS[kind](value)) continue;
    throw invalidArgument(`The option \`${name}\` of ${of} must be ${SAYS[kind]}, and is ${nameOf(value)}.`);
  }
  return options;
}

/** Names that are shorter are too near to others. */
const SHORT = 4;

/** Whether one letter is missing, added or another one in a name, or two that stand beside each other are swapped, or its case is another. */
function isSlip(name: string, meant: string): boolean {
  const [a, b] = [name.toLowerCase(), meant.toLowerCase()];
  if (b.length < SHORT || Math.abs(a.length - b.length) > 1) return false;
  let same = 0;
  while (same < a.length && a[same] === b[same]) same++;
  const rest = (text: string, skipped: number) => text.slice(same + skipped);
  const swapped = a[same] === b[same + 1] && a[same + 1] === b[same] && rest(a, 2) === rest(b, 2);
  return swapped || rest(a, 1) === rest(b, 1) || rest(a, 1) === rest(b, 0) || rest(a, 0) === rest(b, 1);
}

/**
 * The path of a `file:` URL, of whatever realm; anything else as it was given.
 *
 * @throws INVALID_ARGUMENT for another URL, and for one that names no file of this machine
 */
export function filePath<T>(given: T): Exclude<T, URL> | string {
  if (!isUrl(given)) return given as Exclude<T, URL>;
  const { protocol, href } = given;
  // A URL may hold a password or a signature: no message repeats it.
  if (protocol !== 'file:') {
    throw invalidArgument(
      `A URL of ${protocol} is no file, and nothing is fetched here. Give what fetches it: a byte source ({ size, read(offset, length) }, which asks for ranges), or the body as a stream.`,
    );
  }
  try {
    return process.getBuiltinModule('node:url').fileURLToPath(href);
  } catch (cause) {
    throw invalidArgument('The file: URL names no file of this machine; give its path.', cause);
  }
}

/** A path as the caller gave it, by a text or a `file:` URL. @throws INVALID_ARGUMENT for anything else */
export function checkPath(given: string | URL, what: string): string {
  const path: unknown = filePath(given);
  if (typeof path === 'string') return path;
  throw invalidArgument(`${what} must be ${SAYS.path}, and is ${nameOf(path)}.`);
}

/** A text that the caller must give. @throws INVALID_ARGUMENT */
export function checkText(given: unknown, what: string): asserts given is string {
  if (typeof given !== 'string') throw invalidArgument(`${what} must be a text, and is ${nameOf(given)}.`);
}

function isUrl(value: unknown): value is URL {
  return Object.prototype.toString.call(value) === '[object URL]' && typeof (value as URL).href === 'string';
}

/** Of any realm: test runners with a DOM have a class of their own. */
function isSignal(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { aborted, addEventListener } = value as Partial<AbortSignal>;
  return typeof aborted === 'boolean' && typeof addEventListener === 'function';
}

/** What something is, and nothing of what it holds: it may be a secret. */
export function nameOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value !== 'object') return typeof value === 'string' ? 'a string' : `a ${typeof value}`;
  if (Array.isArray(value)) return 'an array';
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  return kind === 'Object' ? 'an object' : `an object of the kind ${kind}`;
}

export function invalidArgument(message: string, cause?: unknown): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', message, cause === undefined ? {} : { cause });
}

import { WeightsealError } from '../errors.js';
import { nearest } from './nearest.js';

// What callers without TypeScript can get wrong, said before anything is done.

type Kind =
  | 'any'
  | 'boolean'
  | 'function'
  | 'string'
  | 'strings'
  | 'string or bytes'
  | 'string or function'
  | 'path'
  | 'signal'
  | 'list'
  | 'object';

/** The options that mean the same in every function, and what each must be where it is given. What is checked elsewhere may be anything here. */
const KINDS: Readonly<Record<string, Kind>> = {
  keys: 'any',
  context: 'any',
  hedgeMs: 'any',
  segmentLength: 'any',
  concurrency: 'any',
  requestBytes: 'any',
  signal: 'signal',
  onProgress: 'function',
  onWait: 'function',
  digest: 'boolean',
  overwrite: 'boolean',
  sealAgain: 'boolean',
  strict: 'boolean',
  whole: 'boolean',
  grow: 'boolean',
  name: 'string',
  add: 'list',
  remove: 'list',
  include: 'strings',
  exclude: 'strings',
  public: 'strings',
  only: 'strings',
  hideNames: 'boolean',
  allowExtra: 'any',
  onLeftOut: 'function',
  onIncomplete: 'function',
};

const OPENING = ['keys', 'context', 'hedgeMs', 'concurrency', 'requestBytes', 'signal'];
const SEALING = [
  'keys',
  'context',
  'segmentLength',
  'concurrency',
  'requestBytes',
  'signal',
  'name',
  'onProgress',
  'sealAgain',
];
const CHANGING = ['keys', 'context', 'hedgeMs', 'add', 'remove', 'signal', 'onProgress', 'onWait'];
/** Which of them our functions take, so that none is proposed that would have no effect. For other functions, any may be meant unless they say. */
const TAKEN: Readonly<Record<string, readonly string[]>> = {
  sealToFile: [...SEALING, 'digest', 'overwrite'],
  sealToStream: SEALING,
  openToFile: [...OPENING, 'onProgress', 'digest', 'strict', 'overwrite'],
  openToStream: [...OPENING, 'onProgress'],
  verify: [...OPENING, 'onProgress', 'digest', 'strict'],
  openReader: [...OPENING, 'whole'],
  sealBundle: [
    'keys',
    'context',
    'segmentLength',
    'name',
    'overwrite',
    'signal',
    'onProgress',
    'include',
    'exclude',
    'public',
    'hideNames',
    'onLeftOut',
    'onIncomplete',
    'sealAgain',
  ],
  openBundle: ['keys', 'context', 'hedgeMs', 'signal', 'allowExtra'],
  verifyBundle: ['keys', 'context', 'hedgeMs', 'signal', 'allowExtra', 'only', 'digest', 'onProgress'],
  openTo: ['only', 'digest', 'signal', 'onProgress', 'overwrite'],
  writeMembers: ['only', 'digest', 'signal', 'onProgress'],
  inspectBundle: ['signal'],
  rewrapBundle: ['keys', 'context', 'hedgeMs', 'add', 'remove', 'signal', 'onWait'],
  rewrap: [...CHANGING, 'grow'],
  reseal: CHANGING,
  inspect: ['signal'],
  read: ['signal'],
  stream: ['signal'],
  writeTo: ['signal', 'digest', 'onProgress'],
};

/** What they are called elsewhere: on the command line, in other libraries. */
const OTHER_WORDS: Readonly<Record<string, readonly string[]>> = {
  context: ['aad', 'expect', 'expected', 'expectContext', 'expectedContext', 'encryptionContext'],
  keys: ['key', 'recipients', 'wrapper', 'wrappers'],
  add: ['to', 'addKeys', 'addRecipients'],
  remove: ['removeKeys', 'removeRecipients'],
  digest: ['checkDigest', 'checksum', 'hash'],
  overwrite: ['force'],
  concurrency: ['threads', 'parallel', 'workers'],
  end: ['length'],
  start: ['offset'],
};

const IS: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  any: () => true,
  boolean: (value) => typeof value === 'boolean',
  function: (value) => typeof value === 'function',
  string: isString,
  strings: (value) => Array.isArray(value) && value.every(isString),
  'string or bytes': (value) => isString(value) || isBytes(value),
  'string or function': (value) => isString(value) || typeof value === 'function',
  path: (value) => isString(value) || isUrl(value),
  signal: isSignal,
  list: Array.isArray,
  object: isObject,
};

const SAYS: Readonly<Record<Kind, string>> = {
  any: 'what it is',
  boolean: 'true or false',
  function: 'a function',
  string: 'a string',
  strings: 'an array of strings',
  'string or bytes': 'a string or bytes',
  'string or function': 'a string or a function',
  path: 'a path or a file: URL',
  signal: 'an AbortSignal, as `new AbortController().signal` is one',
  list: 'an array',
  object: 'an object',
};

/**
 * The options of a call, once they are an object whose members are what they must be. Members that are undefined are left out. One of our functions may be given
 * another's, so that options can be shared; what none of them has would be left out in silence, a context that is expected above all, and is refused.
 *
 * @param of the function that is called, for the message
 * @param taken the options of the first table that it takes, where it is none of ours
 * @param closed whether what is known nowhere is refused; else it is only where it is misspelt
 * @throws INVALID_ARGUMENT
 */
export function checkKinds<T extends object>(
  options: T,
  of: string,
  more: Readonly<Record<string, Kind>> = {},
  taken: readonly string[] = Object.hasOwn(TAKEN, of) ? TAKEN[of]! : Object.keys(KINDS),
  closed: boolean = Object.hasOwn(TAKEN, of),
): T {
  if (!isObject(options)) {
    const found = options === undefined ? 'has none' : `got ${nameOf(options)} instead`;
    throw invalidArgument(`${of} needs its options, as an object, and ${found}.`);
  }
  for (const [name, value] of Object.entries(options)) {
    const kinds = Object.hasOwn(more, name) ? more : KINDS;
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) {
      const own = [...taken, ...Object.keys(more)];
      const meant = slipOf(name, own) ?? own.find((one) => OTHER_WORDS[one]?.includes(name));
      if (meant !== undefined)
        throw invalidArgument(`${of} has no option \`${name}\`; did you mean \`${meant}\`?`);
      if (closed)
        throw invalidArgument(`${of} has no option \`${name}\`. Its options are ${own.join(', ')}.`);
      continue;
    }
    if (value === undefined || IS[kind](value)) continue;
    throw invalidArgument(
      `The option \`${name}\` of ${of} must be ${SAYS[kind]}, and ${foundIn(value, kind)}.`,
    );
  }
  return options;
}

/** Names that are shorter are too near to others. */
const SHORT = 4;

/** Which of the names was meant, but for one letter: what is farther away may well be another function's, and is left alone. */
function slipOf(name: string, names: readonly string[]): string | undefined {
  const long = names.filter((one) => one.length >= SHORT);
  return nearest(name, long, 1);
}

/** @throws INVALID_ARGUMENT for a signal that is none */
export function checkSignal(signal: unknown, of: string): void {
  if (signal === undefined || isSignal(signal)) return;
  throw invalidArgument(`The signal of ${of} must be ${SAYS.signal}, and is ${nameOf(signal)}.`);
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

/** A path as the caller gave it, by a string or a `file:` URL. @throws INVALID_ARGUMENT for anything else */
export function checkPath(given: string | URL, what: string): string {
  const path: unknown = filePath(given);
  if (typeof path === 'string') return path;
  throw invalidArgument(`${what} must be ${SAYS.path}, and is ${nameOf(path)}.`);
}

/** A string that the caller must give. @throws INVALID_ARGUMENT */
export function checkText(given: unknown, what: string): asserts given is string {
  if (typeof given !== 'string')
    throw invalidArgument(`${what} must be ${SAYS.string}, and is ${nameOf(given)}.`);
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of any realm. */
function isBytes(value: unknown): boolean {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]';
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

function foundIn(value: unknown, kind: Kind): string {
  const others = kind === 'strings' && Array.isArray(value) ? value.filter((one) => !isString(one)) : [];
  return others.length > 0 ? `holds ${nameOf(others[0])}` : `is ${nameOf(value)}`;
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

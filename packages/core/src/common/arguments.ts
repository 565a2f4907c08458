import { WeightsealError } from '../errors.js';
import { foundIn, IS, isObject, isSignal, isUrl, type Kind, nameOf, SAYS } from './kinds.js';
import { nearest } from './nearest.js';
import { KINDS, OTHER_WORDS, TAKEN } from './option-names.js';

export type { Kind } from './kinds.js';

// What callers without TypeScript can get wrong, said before anything is done.

/**
 * The options of a call, once they are an object whose members are what they must be. Members that are undefined are left out. One of our functions may be given
 * another's, so that options can be shared; what none of them has would be left out in silence, a context that is expected above all, and is refused.
 *
 * @param of the function that is called, for the message
 * @param taken the options of the first table that it takes, where it is none of ours
 * @param closed whether what is known nowhere is refused; else it is only where it is misspelt
 * @throws INVALID_ARGUMENT
 * @hidden
 */
export function checkKinds<T extends object>(
  options: T,
  of: string,
  more: Readonly<Record<string, Kind>> = {},
  taken: readonly string[] = Object.hasOwn(TAKEN, of) ? TAKEN[of]! : Object.keys(KINDS),
  closed: boolean = Object.hasOwn(TAKEN, of),
): T {
  if (!isObject(options)) throw noOptions(options, of);
  for (const [name, value] of Object.entries(options)) {
    const kinds = Object.hasOwn(more, name) ? more : KINDS;
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) {
      const own = [...taken, ...Object.keys(more)];
      const meant = slipOf(name, own) ?? own.find((one) => OTHER_WORDS[one]?.includes(name));
      if (meant !== undefined || closed) throw noOption(name, own, of, meant);
    } else checkKind(name, value, kind, of);
  }
  return options;
}

/**
 * The options of a function that has no others than these: one that is misspelt, and so ignored, is a limit or a credential that does not count. Members that are
 * undefined are left out.
 *
 * @param known their names, with what each must be where that is not checked elsewhere
 * @param whose the beginning of a sentence: `A key of AWS KMS`
 * @throws INVALID_ARGUMENT
 */
export function checkOptions<T extends object>(
  options: T,
  known: readonly string[] | Readonly<Record<string, Kind>>,
  whose: string,
): T {
  if (!isObject(options)) throw noOptions(options, whose);
  const kinds: Readonly<Record<string, Kind>> = Array.isArray(known)
    ? Object.fromEntries(known.map((name) => [name, 'any']))
    : (known as Readonly<Record<string, Kind>>);
  const names = Object.keys(kinds);
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(kinds, name)) throw noOption(name, names, whose, nearest(name, names));
    checkKind(name, value, kinds[name]!, whose);
  }
  return options;
}

function noOptions(given: unknown, whose: string): WeightsealError {
  const found = given === undefined ? 'has none' : `got ${nameOf(given)} instead`;
  return invalidArgument(`${whose} needs its options, as an object, and ${found}.`);
}

function noOption(
  name: string,
  known: readonly string[],
  whose: string,
  meant: string | undefined,
): WeightsealError {
  const hint = meant === undefined ? `known are ${known.join(', ') || 'none'}.` : `did you mean ${meant}?`;
  return invalidArgument(`${whose} has no option ${JSON.stringify(name.slice(0, LONGEST_TOLD))}; ${hint}`);
}

function checkKind(name: string, value: unknown, kind: Kind, whose: string): void {
  if (value === undefined || IS[kind](value)) return;
  const within = whose.replace(/^An? /, (article) => article.toLowerCase());
  throw invalidArgument(
    `The option \`${name}\` of ${within} must be ${SAYS[kind]}, and ${foundIn(value, kind)}.`,
  );
}

/** Of the name of an option that nobody knows. */
const LONGEST_TOLD = 64;

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
 * @hidden
 */
export function filePath<T>(given: T): Exclude<T, URL> | string {
  if (!isUrl(given)) return given as Exclude<T, URL>;
  const { protocol, href } = given;
  // A URL may hold a password or a signature: no message repeats it.
  if (protocol !== 'file:') {
    throw invalidArgument(
      `A URL of ${protocol} is no file, and nothing is fetched here. ${placeOf(protocol) ?? 'Give what fetches it: a byte source ({ size, read(offset, length) }, which asks for ranges), or the body as a stream.'}`,
    );
  }
  try {
    return process.getBuiltinModule('node:url').fileURLToPath(href);
  } catch (cause) {
    throw invalidArgument('The file: URL names no file of this machine; give its path.', cause);
  }
}

/** What to do with a URL of a store. Undefined for others. */
export function placeOf(protocol: string): string | undefined {
  return /^(?:s3|gs|az|https?):$/.test(protocol)
    ? 'Make a place in a store of it, with `locationFromUri` of @weightseal/stores, and give that.'
    : undefined;
}

/**
 * A path as the caller gave it, by a string or a `file:` URL. @throws INVALID_ARGUMENT for anything else
 *
 * @hidden
 */
export function checkPath(given: string | URL, what: string): string {
  const path: unknown = filePath(given);
  if (typeof path === 'string') return path;
  throw invalidArgument(`${what} must be ${SAYS.path}, and is ${nameOf(path)}.`);
}

/**
 * A string that the caller must give. @throws INVALID_ARGUMENT
 *
 * @hidden
 */
export function checkText(given: unknown, what: string): asserts given is string {
  if (typeof given !== 'string')
    throw invalidArgument(`${what} must be ${SAYS.string}, and is ${nameOf(given)}.`);
}

export function invalidArgument(message: string, cause?: unknown): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', message, cause === undefined ? {} : { cause });
}

import { hasControl } from './bytes.js';
import { MANIFEST_NAME, SIGNATURE_NAME } from './release-names.js';

// FORMAT.md §22: what a path in a bundle may be. Pure, and the same on every system.
export const MAX_PATH = 2048;
export const MAX_NAME = 255;
export const MAX_DEPTH = 64;
/** How many members a bundle may have: FORMAT.md §20.3. */
export const MAX_MEMBERS = 1_048_576;
/** @hidden */
export const ENVELOPE_NAME = 'weightseal.json';
/** FORMAT.md §18.1: the most bytes that an envelope may have. */
export const MAX_ENVELOPE = 65_536;
export const TABLE_NAME = 'weightseal.table';
/** In a store: a bundle that is on its way there (§26.4). */
export const SEALING_NAME = 'weightseal.sealing';
export const SEALED_SUFFIX = '.sealed';
/** What a lock, or a write that was killed, may leave beside the envelope (§24.3). */
const OURS = /^\.[0-9a-f]{1,32}\.weightseal-(?:lock|tmp)$/;
/** Characters that turn the order of a line, or end it: a name that holds one looks like another. */
const TURNING = /[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/**
 * What is wrong with the path of a member, to the end of a sentence; undefined when nothing is.
 * @hidden
 */
export function pathProblem(path: string): string | undefined {
  if (path === '') return 'it is empty';
  if (!path.isWellFormed()) return 'it is not well-formed Unicode';
  if (hasControl(path)) return 'it holds a control character';
  if (TURNING.test(path)) return 'it holds a character that changes the direction of writing or ends a line';
  if (path.includes('\\')) return 'it holds a backslash, which divides names on other systems';
  if (path.length > MAX_PATH || Buffer.byteLength(path) > MAX_PATH)
    return `it has more than ${MAX_PATH} bytes`;
  if (depthOf(path) > MAX_DEPTH) return `it has more than ${MAX_DEPTH} names`;
  for (let [from, end] = [0, 0]; from <= path.length; from = end + 1) {
    end = path.indexOf('/', from);
    if (end < 0) end = path.length;
    const name = path.slice(from, end);
    if (name === '') return 'it has an empty name (a slash at its beginning, its end, or after another)';
    if (name === '.' || name === '..') return 'it has a name that is . or ..';
    if (name.length > MAX_NAME / 4 && Buffer.byteLength(name) > MAX_NAME)
      return `it has a name of more than ${MAX_NAME} bytes`;
  }
  return undefined;
}

/** How many names a path has. */
export function depthOf(path: string): number {
  let depth = 1;
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) depth++;
  return depth;
}

/** Names at the root of a bundle that are its own. */
export function isReserved(path: string): boolean {
  return path === ENVELOPE_NAME || path === TABLE_NAME || isReleaseDocument(path) || isPassing(path);
}

/** What says of a bundle who has released it: FORMAT.md §27. It may be there, and need not. */
export function isReleaseDocument(path: string): boolean {
  return path === MANIFEST_NAME || path === SIGNATURE_NAME;
}

/** Locks, and files on their way: no member, and no stranger either. */
export function isPassing(path: string): boolean {
  return path === SEALING_NAME || OURS.test(path);
}

/**
 * By bytes of UTF-8, which is by code points: FORMAT.md §20.1.
 * @hidden
 */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return codePointOrder(x) - codePointOrder(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for what comes after all else. */
function codePointOrder(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit;
}

/** The path of the directory that a path is in; empty for the root. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/**
 * What other file systems take for the same name: FORMAT.md §22.4.
 * @hidden
 */
export function folded(path: string): string {
  return path.normalize('NFC').toLowerCase().toUpperCase().normalize('NFC');
}

/** How a link at `from` leads to the member at `to`. */
export function relativeTarget(from: string, to: string): string {
  const here = from.split('/').slice(0, -1);
  const there = to.split('/');
  let common = 0;
  while (common < here.length && common < there.length - 1 && here[common] === there[common]) common++;
  return [...here.slice(common).map(() => '..'), ...there.slice(common)].join('/');
}

/**
 * The path in quotes, with what a terminal would act on escaped.
 * @hidden
 */
export function shown(path: string): string {
  return JSON.stringify(path.slice(0, 300).toWellFormed()).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

import { nearest } from '../common/nearest.js';
import { WeightsealError } from '../errors.js';
import { hasControl } from './bytes.js';
import { canonicalJson, isObject, type Json } from './canonical-json.js';

/** What a file and its keys are bound to: model name, version, and the like. At most 64 entries, 4 KiB in canonical JSON. */
export type Context = Readonly<Record<string, string>>;

/** FORMAT.md §5.3. */
export const MAX_CONTEXT_ENTRIES = 64;
export const MAX_CONTEXT_BYTES = 4096;
/** Of the names of a file's context, in a message. */
const MOST_TOLD = 16;

/** What is wrong with a context, or undefined when nothing is. */
export function contextProblem(context: Json | Context | undefined): string | undefined {
  if (!isObject(context as Json)) return 'it must be an object of strings';
  const entries = Object.entries(context as { readonly [name: string]: Json });
  if (entries.length > MAX_CONTEXT_ENTRIES) return `it has more than ${MAX_CONTEXT_ENTRIES} entries`;
  for (const [name, value] of entries) {
    if (typeof value !== 'string') return 'every value must be a string';
    if (name === '') return 'a name must not be empty';
    if (hasControl(name) || hasControl(value)) return 'names and values must not hold control characters';
    if (!name.isWellFormed() || !value.isWellFormed()) return 'names and values must be well-formed Unicode';
  }
  if (canonicalJson(context as Json).length > MAX_CONTEXT_BYTES)
    return `it encodes to over ${MAX_CONTEXT_BYTES} bytes`;
  return undefined;
}

/**
 * A caller's context, read once into an object that nobody can change. Only a plain object of strings is one: a Map, a list or a Date is an
 * object too, and has no properties of its own, so that it would bind nothing and expect nothing.
 *
 * @throws CONTEXT_INVALID
 */
export function readContext(given: unknown): Context {
  const context = snapshot(given);
  const problem = typeof context === 'string' ? context : contextProblem(context);
  if (problem === undefined) return context as Context;
  throw new WeightsealError('CONTEXT_INVALID', `The context cannot be used: ${problem}.`);
}

/** A frozen copy of a plain object of strings, of whatever realm; else what is wrong with it. */
function snapshot(given: unknown): Context | string {
  if (typeof given !== 'object' || given === null) return 'it must be an object of strings';
  try {
    if (!isPlain(given)) return notPlain(given);
    const entries: [string, string][] = [];
    for (const name of Reflect.ownKeys(given)) {
      if (typeof name === 'symbol') return 'it has a property that is named by a symbol; names are strings';
      const { value, enumerable } = Object.getOwnPropertyDescriptor(given, name) ?? {};
      if (enumerable !== true) return 'it has a hidden property; every pair must be an ordinary one';
      if (typeof value !== 'string') return 'every value must be a string, and no getter';
      entries.push([name, value]);
      // One more than there may be: what comes after is not looked at.
      if (entries.length > MAX_CONTEXT_ENTRIES) break;
    }
    return Object.freeze(Object.fromEntries(entries));
  } catch {
    return 'its properties cannot be read; give a plain object of strings';
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null) return true;
  // Object.prototype of any realm; by its own members, since `===` knows one realm only.
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf');
}

function notPlain(value: object): string {
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  const make =
    Symbol.iterator in value && !Array.isArray(value) ? '; Object.fromEntries(…) makes one of it' : '';
  const what = kind === 'Object' ? 'an instance of a class' : `of the kind ${kind}`;
  return `it must be a plain object of strings, as { model: 'llama' }, and it is ${what}${make}`;
}

/**
 * The unambiguous bytes of a context (canonical JSON, at most 4 KiB), for key providers to bind as additional
 * authenticated data. Two contexts have the same bytes only if they are the same map.
 *
 * @throws CONTEXT_INVALID
 */
export function encodeContext(context: Context): Uint8Array<ArrayBuffer> {
  return canonicalJson(readContext(context));
}

/**
 * Compares what the caller expects with what the file says. Every pair that the caller names must be there with
 * exactly that value; pairs that the caller does not name are not compared.
 *
 * @throws CONTEXT_MISMATCH, CONTEXT_INVALID
 * @hidden
 */
export function expectContext(actual: Context, expected: Context | undefined): void {
  if (expected === undefined) return;
  for (const [name, value] of Object.entries(readContext(expected))) {
    if (!Object.hasOwn(actual, name)) throw mismatch(lacking(name, actual));
    if (actual[name] === value) continue;
    throw mismatch(
      `${JSON.stringify(name)} is ${JSON.stringify(actual[name])}, and ${JSON.stringify(value)} was expected.`,
    );
  }
}

/** The names that there are, which anybody can read, and not their values. */
function lacking(name: string, actual: Context): string {
  const names = Object.keys(actual);
  const meant = nearest(name, names);
  const hint = meant === undefined ? '' : ` Did you mean ${JSON.stringify(meant)}?`;
  const shown = names.slice(0, MOST_TOLD).map((one) => JSON.stringify(one));
  const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : '';
  const has = names.length === 0 ? 'it has none at all' : `it has ${shown.join(', ')}${more}`;
  return `${JSON.stringify(name)} was expected, and is not in it; ${has}.${hint}`;
}

function mismatch(what: string): WeightsealError {
  return new WeightsealError(
    'CONTEXT_MISMATCH',
    `The file is sealed for another context: ${what} Check that this is the file you meant; \`inspect\` shows its context.`,
  );
}

import { WeightsealError } from '../errors.js';
import { hasControl } from './bytes.js';
import { canonicalJson, isObject, type Json } from './canonical-json.js';

/** What a file and its keys are bound to: model name, version, and the like. At most 64 entries, 4 KiB in canonical JSON. */
export type Context = Readonly<Record<string, string>>;

/** FORMAT.md §5.3. */
export const MAX_CONTEXT_ENTRIES = 64;
export const MAX_CONTEXT_BYTES = 4096;

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
 * The unambiguous bytes of a context (canonical JSON, at most 4 KiB), for key providers to bind as additional
 * authenticated data. Two contexts have the same bytes only if they are the same map.
 *
 * @throws CONTEXT_INVALID
 */
export function encodeContext(context: Context): Uint8Array<ArrayBuffer> {
  const problem = contextProblem(context);
  if (problem) throw new WeightsealError('CONTEXT_INVALID', `The context cannot be used: ${problem}.`);
  return canonicalJson(context);
}

/**
 * Compares what the caller expects with what the file says. Every pair that the caller names must be there with
 * exactly that value; pairs that the caller does not name are not compared.
 *
 * @throws CONTEXT_MISMATCH, CONTEXT_INVALID
 */
export function expectContext(actual: Context, expected: Context | undefined): void {
  if (expected === undefined) return;
  encodeContext(expected);
  for (const [name, value] of Object.entries(expected)) {
    if (Object.hasOwn(actual, name) && actual[name] === value) continue;
    const found = Object.hasOwn(actual, name) ? JSON.stringify(actual[name]) : 'nothing';
    throw new WeightsealError(
      'CONTEXT_MISMATCH',
      `The file is sealed for another context: ${JSON.stringify(name)} is ${found}, and ${JSON.stringify(value)} was expected. ` +
        'Check that this is the file you meant; `inspect` shows its context.',
    );
  }
}

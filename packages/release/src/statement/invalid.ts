import { WeightsealError } from '@weightseal/core';

/** What is no signature of a model, or none that is read here. @param why a sentence without its full stop */
export function invalid(why: string, cause?: unknown): WeightsealError {
  return new WeightsealError(
    'SIGNATURE_INVALID',
    `${why}. Get the signature again from where the model is released.`,
    cause === undefined ? {} : { cause },
  );
}

type Members = Readonly<Record<string, unknown>>;

/** @param only the names that it may have; any unless told. @throws SIGNATURE_INVALID */
export function object(value: unknown, what: string, only?: readonly string[]): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`${what} is no object`);
  const stranger = only && Object.keys(value).find((name) => !only.includes(name));
  if (stranger !== undefined)
    throw invalid(`${what} has a member ${JSON.stringify(stranger.slice(0, 100))}, which is not known`);
  return value as Members;
}

/** @throws SIGNATURE_INVALID */
export function list(value: unknown, what: string, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(`${what} is no list`);
  if (value.length > most) throw invalid(`${what} has ${value.length} entries, more than ${most}`);
  return value;
}

/** @throws SIGNATURE_INVALID */
export function text(value: unknown, what: string, most: number): string {
  if (typeof value !== 'string') throw invalid(`${what} is no text`);
  if (value.length > most) throw invalid(`${what} is longer than ${most} characters`);
  return value;
}

/** An own member: what a prototype has is nobody's. */
export function member(of: Members, name: string): unknown {
  return Object.hasOwn(of, name) ? of[name] : undefined;
}

import { WeightsealError } from '@weightseal/core';
import type { Change, Plan, Untouched, Wanted } from './types.js';

/** What came of some checks. A plan is made of these. */
export type Piece =
  | { readonly change: Change }
  | { readonly refused: Untouched }
  | { readonly leftOut: Untouched }
  | { readonly kept: string };

/** What was read, or why it could not be. */
export type Read<T> = { readonly value: T } | { readonly unread: string };

export const kept = (...checks: readonly string[]): Piece[] => checks.map((check) => ({ kept: check }));

export const refused = (checks: readonly string[], reason: string): Piece[] =>
  checks.map((check) => ({ refused: { check, reason } }));

export const leftOut = (check: string, reason: string): Piece => ({ leftOut: { check, reason } });

/** Not asked for, where no key is told: it is no failure, unless it was named. */
export function withoutKey(checks: readonly string[], reason: string, asked: Asked): Piece[] {
  return checks.map((check) =>
    asked.named(check) ? { refused: { check, reason } } : { leftOut: { check, reason } },
  );
}

/** `back` is what was there, unless told. */
export function change(made: Omit<Change, 'back'> & { readonly back?: Change['back'] }): Piece {
  return { change: { ...made, back: made.back === undefined ? made.before : made.back } };
}

/** A plan, of what was read once. */
export type Planned = Omit<Plan, 'again'>;

export function planOf(place: string, pieces: readonly Piece[]): Planned {
  return {
    place,
    changes: pieces.flatMap((one) => ('change' in one ? [one.change] : [])),
    refused: pieces.flatMap((one) => ('refused' in one ? [one.refused] : [])),
    leftOut: pieces.flatMap((one) => ('leftOut' in one ? [one.leftOut] : [])),
    kept: pieces.flatMap((one) => ('kept' in one ? [one.kept] : [])),
  };
}

/** Which checks are wanted, and which of them by name. */
export interface Asked {
  wants(check: string): boolean;
  named(check: string): boolean;
}

/** @throws INVALID_ARGUMENT for a check that is not mended here */
export function askedFor({ only }: Wanted, checks: readonly string[]): Asked {
  const whole = only?.map((one) => checks.find((check) => check === one || check.endsWith(`/${one}`)) ?? one);
  const unknown = whole?.find((one) => !checks.includes(one));
  if (unknown !== undefined)
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `${JSON.stringify(unknown.slice(0, 64))} is no check that can be mended here. They are ${checks.join(', ')}.`,
    );
  return {
    wants: (check) => whole === undefined || whole.includes(check),
    named: (check) => whole?.includes(check) === true,
  };
}

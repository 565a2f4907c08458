import { MANY, ONE, patternOf, type Token } from './pattern.js';
import type { Truth } from './truth.js';

/** Something that is there, and of which it is known only what it can be. */
export class Chosen {
  /** Whether it can be what a policy names: never, always, or as whoever asks likes. `tokens` are the policy's. */
  readonly canBe: (tokens: readonly Token[]) => Truth;

  constructor(canBe: (tokens: readonly Token[]) => Truth) {
    this.canBe = canBe;
  }
}

/** A name, say: whoever asks gives it to himself. */
export const FREE: Chosen = new Chosen(() => undefined);

/** An id that is dealt out, of an account or a network: nobody gets one that a policy names, but perhaps one that it has a pattern of. */
export const FOREIGN: Chosen = new Chosen(foreign);

/** By an account that is not the policy's. */
export const FOREIGN_ARN: Chosen = new Chosen((tokens) => {
  if (isAll(tokens)) return true;
  if (!hasWildcard(tokens)) return false;
  const [, , , , account = '', ...name] = partsOf(tokens);
  return /^\d{12}(?:[*?]|$)/.test(account) || (name.length === 0 && isInAccount(tokens)) ? false : undefined;
});

/** `o-organisation/r-root/ou-unit/`: the organisation settles it. */
export const FOREIGN_PATH: Chosen = new Chosen((tokens) => {
  if (isAll(tokens)) return true;
  const end = tokens.indexOf('/');
  return foreign(end < 0 ? tokens : tokens.slice(0, end)) === false ? false : undefined;
});

/** `AROA…:session`: what comes before the colon is dealt out, and of 16 characters after its kind at least. */
export const FOREIGN_ID: Chosen = new Chosen((tokens) => {
  if (isAll(tokens)) return true;
  return /^(?:A[A-Z]{3}[A-Z0-9]{16,}|\d{12})(?:[:*]|$)/.test(told(tokens)) ? false : undefined;
});

function foreign(tokens: readonly Token[]): Truth {
  return isAll(tokens) ? true : hasWildcard(tokens) ? undefined : false;
}

function hasWildcard(tokens: readonly Token[]): boolean {
  return tokens.some((token) => token === ONE || token === MANY);
}

function isAll(tokens: readonly Token[]): boolean {
  return tokens.length > 0 && tokens.every((token) => token === MANY);
}

/** A wildcard before it may stand for several parts, and the account is whole all the same. */
function isInAccount(tokens: readonly Token[]): boolean {
  return /:\d{12}:/.test(told(tokens));
}

function partsOf(tokens: readonly Token[]): readonly string[] {
  return told(tokens).split(':');
}

/** The policy's own `*` and `?` are shown as what they are not, since only digits and colons are looked for. */
function told(tokens: readonly Token[]): string {
  return tokens.map((token) => (token === MANY ? '*' : token === ONE ? '?' : token)).join('');
}

/** What an operator compares: a pattern, or, where it takes each character for itself, the text. Undefined where it has a variable. */
export function tokensFor(operator: string, value: string): readonly Token[] | undefined {
  const { tokens, known } = patternOf(value);
  if (!known) return undefined;
  return /Like$|^Arn/.test(operator)
    ? tokens
    : tokens.map((token) => (token === MANY || token === ONE ? '-' : token));
}

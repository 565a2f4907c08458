/** Any one character, and any number of them. */
export const ONE = 1;
export const MANY = 2;
export type Token = string | typeof ONE | typeof MANY;

export interface Pattern {
  readonly tokens: readonly Token[];
  /** False where it has a variable, `${aws:username}`: what it means depends on who asks. */
  readonly known: boolean;
}

/** `${*}`, `${?}` and `${$}` are how a policy writes these characters themselves. */
const ITSELF: Readonly<Record<string, string>> = { [`\${*}`]: '*', [`\${?}`]: '?', [`\${$}`]: '$' };

export function patternOf(text: string): Pattern {
  let known = true;
  const tokens = (text.match(/\$\{[^}]*\}|[\s\S]/gu) ?? []).map((part): Token => {
    if (part === '*') return MANY;
    if (part === '?') return ONE;
    if (!part.startsWith('${')) return part;
    known &&= part in ITSELF;
    return ITSELF[part] ?? part;
  });
  return { tokens, known };
}

/** What is compared as it is written, but for the characters that it cannot write otherwise. Undefined where it has a variable. */
export function literalOf(text: string): string | undefined {
  if (!text.includes('${')) return text;
  const { known } = patternOf(text);
  return known ? text.replace(/\$\{([*?$])\}/g, '$1') : undefined;
}

/** Where in the pattern one can be, having read nothing. */
export function start(tokens: readonly Token[]): readonly number[] {
  return reached(tokens, [0]);
}

/** Where one can be after one more character. */
export function step(tokens: readonly Token[], at: readonly number[], character: string): readonly number[] {
  const next: number[] = [];
  for (const place of at) {
    const token = tokens[place];
    if (token === MANY) next.push(place);
    else if (token === ONE || token === character) next.push(place + 1);
  }
  return reached(tokens, next);
}

export function ends(tokens: readonly Token[], at: readonly number[]): boolean {
  return at.at(-1) === tokens.length;
}

/** In order and each once, as `from` nearly is. `*` can be nothing. */
function reached(tokens: readonly Token[], from: readonly number[]): readonly number[] {
  const all: number[] = [];
  let last = -1;
  for (const place of from) {
    if (place <= last) continue;
    last = place;
    all.push(last);
    while (tokens[last] === MANY) all.push(++last);
  }
  return all;
}

export function matches({ tokens }: Pattern, text: string): boolean {
  let at = start(tokens);
  for (const character of text) {
    if (at.length === 0) return false;
    at = step(tokens, at, character);
  }
  return ends(tokens, at);
}

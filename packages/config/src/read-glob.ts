/** Longer than any that a person writes. */
const MAX_GLOB = 1024;
/** What the braces of a glob stand for, all together: `{a,b}{a,b}{a,b}…` doubles with each pair. */
const MAX_EXPANDED = 8192;

/** Matches one character of a name, or (`star`) any number of them. */
export interface Token {
  readonly kind: 'star' | 'one' | 'slash';
  /** The character, for one that stands for itself. */
  readonly literal?: string;
  /** Whether a `\` says that it stands for itself. */
  readonly escaped?: boolean;
  has?(char: string): boolean;
}

type Part = 'any directories' | readonly Token[];

interface Alternative {
  readonly absolute: boolean;
  readonly parts: readonly Part[];
}

/** A glob that has been read: what its braces stand for, each cut into the names of directories. */
export type Glob = readonly Alternative[];

class Unreadable extends Error {}

/**
 * Reads a glob: `*` and `?` within a name, `**` as a whole name for any number of directories, `[a-z]`, `[!a-z]`, `{a,b}`, and `\` before a
 * character that stands for itself. What looks like more than that is refused: taken literally it would match other files than was meant. Letters
 * that can be written in two ways (an é of one character or of two) are read as one, as `globMatches` reads those of a path.
 *
 * @returns what is wrong with it, to the end of a sentence, where it is none
 */
export function readGlob(text: string): Glob | string {
  try {
    if (text.length > MAX_GLOB) throw new Unreadable(`is longer than ${MAX_GLOB} characters.`);
    const chars = Array.from(text.normalize('NFC'));
    const reader = new Reader(chars);
    const expanded = reader.sequence(0);
    return expanded.map(alternativeOf);
  } catch (error) {
    if (error instanceof Unreadable) return error.message;
    throw error;
  }
}

class Reader {
  readonly #chars: readonly string[];
  #at = 0;

  constructor(chars: readonly string[]) {
    this.#chars = chars;
  }

  /** Up to the end, or inside braces up to a comma or the closing one. */
  sequence(depth: number): Token[][] {
    let found: Token[][] = [[]];
    for (;;) {
      const char = this.#chars[this.#at];
      if (char === undefined || (depth > 0 && (char === ',' || char === '}'))) return found;
      this.#at++;
      found = product(found, char === '{' ? this.#braces(depth + 1) : [[this.#token(char)]]);
    }
  }

  #braces(depth: number): Token[][] {
    const found: Token[][] = [];
    for (let count = 1; ; count++) {
      found.push(...this.sequence(depth));
      const end = this.#chars[this.#at++];
      if (end === undefined)
        throw new Unreadable('has a { without its }; a { that stands for itself is \\{.');
      if (end === ',') continue;
      if (count > 1) return found;
      throw new Unreadable(
        'has { } without a comma; alternatives are {a,b}, and a { that stands for itself is \\{.',
      );
    }
  }

  #token(char: string): Token {
    if ('?*+@!'.includes(char) && this.#chars[this.#at] === '(')
      throw new Unreadable(`has ${char}(…), which is not offered; a ( that stands for itself is \\(.`);
    if (char === '*') return { kind: 'star' };
    if (char === '/') return { kind: 'slash' };
    if (char === '?') return { kind: 'one', has: () => true };
    if (char === '[') return this.#class();
    if (char === '}') throw new Unreadable('has a } without its {; a } that stands for itself is \\}.');
    return char === '\\' ? { ...itself(this.#escaped()), escaped: true } : itself(char);
  }

  #escaped(): string {
    const char = this.#chars[this.#at++];
    if (char === undefined || char === '/')
      throw new Unreadable('has a \\ before nothing that could stand for itself; a \\ is \\\\.');
    if (/[\p{L}\p{N}]/u.test(char))
      throw new Unreadable(
        'has a \\ before a letter or digit, which stands for itself anyway; names of directories are divided by /.',
      );
    return char;
  }

  #class(): Token {
    const not = this.#chars[this.#at] === '!' || this.#chars[this.#at] === '^';
    if (not) this.#at++;
    const ranges: [from: number, to: number][] = [];
    for (let first = true; ; first = false) {
      const char = this.#chars[this.#at++];
      if (char === undefined || char === '/')
        throw new Unreadable('has a [ without its ]; a [ that stands for itself is \\[.');
      if (char === ']' && !first) return { kind: 'one', has: (one) => within(ranges, one) !== not };
      if (char === '[' && ':.='.includes(this.#chars[this.#at] ?? ' '))
        throw new Unreadable('has a class by name, which is not offered; write its characters, like [a-z].');
      const from = char === '\\' ? this.#escaped() : char;
      ranges.push([from.codePointAt(0)!, this.#endOfRange(from).codePointAt(0)!]);
    }
  }

  #endOfRange(from: string): string {
    const [dash, to] = this.#chars.slice(this.#at, this.#at + 2);
    if (dash !== '-' || to === undefined || to === ']') return from;
    this.#at += 2;
    const end = to === '\\' ? this.#escaped() : to;
    if (end === '/' || end < from) throw new Unreadable('has a range whose end comes before its beginning.');
    return end;
  }
}

function within(ranges: readonly (readonly [number, number])[], char: string): boolean {
  const code = char.codePointAt(0)!;
  return ranges.some(([from, to]) => from <= code && code <= to);
}

function itself(char: string): Token {
  return { kind: 'one', literal: char, has: (one) => one === char };
}

function product(before: Token[][], after: Token[][]): Token[][] {
  const size = (lists: Token[][], times: number) =>
    lists.reduce((sum, { length }) => sum + length + 1, 0) * times;
  if (size(before, after.length) + size(after, before.length) > 2 * MAX_EXPANDED)
    throw new Unreadable('stands for too much; write fewer alternatives in braces.');
  return before.flatMap((head) => after.map((tail) => [...head, ...tail]));
}

function alternativeOf(tokens: readonly Token[]): Alternative {
  if (tokens.length === 0)
    throw new Unreadable(
      'is an empty glob, which matches nothing; leave out `path` for a rule that matches everything.',
    );
  const parts: (readonly Token[])[] = split(tokens);
  const foreign = notForUs(parts);
  if (foreign !== undefined) throw new Unreadable(foreign);
  if (parts.at(-1)!.length === 0)
    throw new Unreadable(
      'ends with /, and so matches no file; write ** after it for all that is in the directory.',
    );
  const absolute = parts[0]!.length === 0;
  if (absolute) parts.shift();
  while (!absolute && parts.length > 1 && spells(parts[0]!, '.')) parts.shift();
  const outside = parts.findIndex((part) => absolute || !spells(part, '..'));
  if (
    parts.some(
      (part, index) => part.length === 0 || spells(part, '.') || (spells(part, '..') && index >= outside),
    )
  )
    throw new Unreadable(
      'has //, . or .. between names, and so matches nothing; .. stands at the beginning only.',
    );
  // At the end it is all that is in a directory, and not the directory's own name.
  if (isAnyDirectories(parts.at(-1)!)) parts.push([{ kind: 'star' }]);
  return { absolute, parts: parts.map((part) => (isAnyDirectories(part) ? 'any directories' : part)) };
}

/** What a shell would have replaced, or taken away: read as it stands it matches nothing. */
function notForUs(parts: readonly (readonly Token[])[]): string | undefined {
  const [first = []] = parts;
  if (isItself(first[0], /^~$/))
    return `begins with ~, which only a shell replaces; write out the path, or $\{HOME}. A ~ that stands for itself is \\~.`;
  const variable = parts.some(
    ([dollar, next]) => isItself(dollar, /^[$%]$/) && isItself(next, /^[A-Za-z_]$/),
  );
  if (variable)
    return `has a name that begins like a variable of a shell, which is none here: one is $\{NAME}, and a $ or % that stands for itself is \\$ or \\%.`;
  const blank = /^\s$/;
  if (!isItself(first[0], blank) && !isItself(parts.at(-1)!.at(-1), blank)) return undefined;
  return 'begins or ends with a blank or a line end; take it away, or write \\ before one that is part of the name.';
}

function isItself(token: Token | undefined, pattern: RegExp): boolean {
  return token?.literal !== undefined && !token.escaped && pattern.test(token.literal);
}

function split(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === 'slash') parts.push([]);
    else parts.at(-1)!.push(token);
  }
  return parts;
}

export function spells(part: Exclude<Part, string>, name: string): boolean {
  return part.length === name.length && part.every(({ literal }, index) => literal === name[index]);
}

function isAnyDirectories(part: readonly Token[]): boolean {
  return part.length === 2 && part.every(({ kind }) => kind === 'star');
}

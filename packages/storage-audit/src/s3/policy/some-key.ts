import { WeightsealError } from '@weightseal/core';
import type { Which } from './document.js';
import { ends, MANY, ONE, type Pattern, patternOf, start, step, type Token } from './pattern.js';

/** Names that are told by patterns, some of which mean something else for each who asks. */
export interface Names {
  readonly not: boolean;
  readonly patterns: readonly (readonly Token[])[];
}

/** The names that are meant whoever asks. */
export function certainly({ not, patterns }: Which): Names {
  return namesOf(not, patterns.map(patternOf), not);
}

/** The names that may be meant. */
export function possibly({ not, patterns }: Which): Names {
  return namesOf(not, patterns.map(patternOf), !not);
}

/** A pattern that is not known stands for every name, or for none. */
function namesOf(not: boolean, patterns: readonly Pattern[], every: boolean): Names {
  return {
    not,
    patterns: patterns.flatMap(({ tokens, known }) => (known ? [tokens] : every ? [[MANY as Token]] : [])),
  };
}

/** Beyond what the longest of policies comes to, unless it was made to. */
const MAX_STATES = 4_000;

/**
 * A key of which, below `prefix`, the patterns say what is asked for; undefined where there is none at all. The patterns are read side by side, character by character:
 * finitely many states, of which each is looked at once. Characters that no pattern has are all alike.
 *
 * @param wanted gets for each of the names whether it has that key
 * @param spend is told what it takes, and may put an end to it
 * @throws STORE_UNSUPPORTED where there are too many states
 */
export function someKey(
  prefix: string,
  names: readonly Names[],
  wanted: (has: readonly boolean[]) => boolean,
  spend: (steps: number) => void = () => {},
): string | undefined {
  const all = names.flatMap(({ patterns }) => patterns);
  const has = (at: State): readonly boolean[] => {
    let next = 0;
    return names.map(({ not, patterns }) => {
      const found = patterns.map((tokens) => ends(tokens, at[next++]!));
      return found.includes(true) !== not;
    });
  };
  const advance = (at: State, character: string): State =>
    at.map((places, index) => step(all[index]!, places, character));
  const first = [...prefix].reduce(advance, all.map(start));
  spend(prefix.length * (all.length + 1));
  // What lies before where a pattern is by now is never compared again.
  const characters = alphabetOf(all.map((tokens, index) => tokens.slice(first[index]![0] ?? tokens.length)));
  const seen = new Set<string>();
  let front: readonly (readonly [State, string])[] = [[first, '']];
  while (front.length > 0) {
    const next: (readonly [State, string])[] = [];
    for (const [at, key] of front) {
      const places = at.reduce((sum, one) => sum + one.length, at.length);
      for (const character of characters) {
        spend(places);
        const state = advance(at, character);
        const id = state.join(';');
        if (seen.has(id)) continue;
        seen.add(id);
        if (seen.size > MAX_STATES) throw tooIntricate();
        if (wanted(has(state))) return key + character;
        next.push([state, key + character]);
      }
    }
    front = next;
  }
  return undefined;
}

type State = readonly (readonly number[])[];

/** Those of the patterns, after one that is in none of them. */
function alphabetOf(patterns: readonly (readonly Token[])[]): readonly string[] {
  const used = new Set(patterns.flat().filter((token) => token !== ONE && token !== MANY));
  const other = [...'xyzwvutsrqponmlkjihgfedcba0123456789'].find((one) => !used.has(one)) ?? '\u{e000}';
  return [other, ...used];
}

export function tooIntricate(): WeightsealError {
  return new WeightsealError(
    'STORE_UNSUPPORTED',
    'The policy is too involved to be judged here for every key and everybody. Write fewer statements, principals and wildcards into it.',
  );
}

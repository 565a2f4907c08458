import { nearest } from '@weightseal/core';
import { expect, test } from 'vitest';
import { didYouMean } from '../src/did-you-mean.js';
import { COMMANDS } from '../src/spec.js';

/** One letter left out, doubled, exchanged for another, or swapped with its neighbour. */
function slipsOf(word: string): string[] {
  return [...word].flatMap((letter, at) => [
    word.slice(0, at) + word.slice(at + 1),
    word.slice(0, at) + letter + word.slice(at),
    `${word.slice(0, at)}x${word.slice(at + 1)}`,
    word.slice(0, at) + word.slice(at + 1, at + 2) + letter + word.slice(at + 2),
  ]);
}

// The command line has a copy of its own, since core takes longer to load than all else that is done for a mistyped word.
test('the command line and core mean the same word by a slip', () => {
  const known = [...COMMANDS.flatMap(({ name, flags }) => [name, ...flags.map((flag) => flag.name)])];
  const words = known.flatMap(slipsOf).filter((word) => !known.some((one) => one.startsWith(word)));
  expect(words.length).toBeGreaterThan(500);
  for (const word of new Set(words)) {
    const hint = didYouMean(word, known);
    // What other tools call our things is the command line's alone.
    const meant = nearest(word, known);
    expect([word, hint]).toEqual([word, meant === undefined ? '' : ` Did you mean ${meant}?`]);
  }
});

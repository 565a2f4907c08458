import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nearest } from '../src/common/nearest.js';

const known = ['keys', 'recipients', 'deadlineMs', 'hedgeMs'];

test.for([
  ['recipient', 'recipients'],
  ['recipeints', 'recipients'],
  ['DeadlineMS', 'deadlineMs'],
  ['hedge', 'hedgeMs'],
  ['kyes', 'keys'],
  ['colour', undefined],
  ['', undefined],
])('%s was meant to be %s', ([word, meant]) => {
  expect(nearest(word!, known)).toBe(meant);
});

test('a known word is nearest to itself', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.array(fc.string()),
      (word, others) => nearest(word, [...others, word])?.toLowerCase() === word.toLowerCase(),
    ),
  );
});

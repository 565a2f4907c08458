import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { notJsonAt } from '../src/check-json.js';

const json = fc
  .tuple(fc.jsonValue(), fc.constantFrom(0, 1))
  .map(([value, indent]) => JSON.stringify(value, null, indent));

describe('where a text stops being JSON', () => {
  test('nowhere', () => {
    fc.assert(fc.property(json, (text) => notJsonAt(text) === undefined));
  });

  test('at what can stand nowhere in JSON, wherever it stands', () => {
    fc.assert(
      fc.property(json, fc.nat(), (text, where) => {
        const at = where % (text.length + 1);
        expect(notJsonAt(`${text.slice(0, at)}\u0001${text.slice(at)}`)).toBe(at);
      }),
    );
  });

  test('at its end, where that is missing', () => {
    fc.assert(fc.property(json, (text) => notJsonAt(`[${text}`) === text.length + 1));
    expect([notJsonAt(''), notJsonAt('{"a": [1, "b'), notJsonAt('[1')]).toEqual([0, 12, 2]);
  });
});

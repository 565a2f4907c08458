// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such texts are what this is about.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasReference, InterpolationProblem, interpolate } from '../src/interpolate.js';

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,9}$/).filter((text) => text !== '__proto__');
const plain = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('$'));
const value = fc.string({ unit: 'binary', minLength: 1 });

describe('the environment in a text', () => {
  test('text without a dollar sign stays as it is', () => {
    fc.assert(fc.property(plain, (text) => interpolate(text, {}) === text && !hasReference(text)));
  });

  test('a variable comes in as it is, and is not looked at again', () => {
    fc.assert(
      fc.property(plain, name, value, plain, (before, key, held, after) => {
        expect(interpolate(`${before}$\{${key}}${after}`, { [key]: held })).toBe(before + held + after);
      }),
    );
  });

  test('a default counts where the variable is not set, or empty', () => {
    const otherwise = fc.string().filter((text) => !text.includes('}'));
    fc.assert(
      fc.property(name, value, otherwise, (key, held, text) => {
        const written = `$\{${key}:-${text}}`;
        expect(interpolate(written, { [key]: held })).toBe(held);
        expect(interpolate(written, { [key]: '' })).toBe(text);
        expect(interpolate(written, {})).toBe(text);
      }),
    );
  });

  test('every text can be written: with each ${ doubled its dollar', () => {
    const text = fc
      .array(fc.oneof(fc.constantFrom('$', '{', '}', '${', 'A', ':-'), fc.string()))
      .map((parts) => parts.join(''));
    fc.assert(fc.property(text, (wanted) => interpolate(wanted.replaceAll('${', '$$${'), {}) === wanted));
  });

  test('whatever is there: a text, or a problem that holds no value', () => {
    const text = fc
      .array(fc.oneof(fc.constantFrom('$', '${', '}', '$${', 'KEY', ':-'), plain))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (written) => {
        const result = interpolate(written, { KEY: 'hunter2' });
        if (result instanceof InterpolationProblem) expect(result.text).not.toContain('hunter2');
        else expect(result).toBeTypeOf('string');
      }),
    );
  });
});

describe('a reference that cannot be', () => {
  test.for(['${}', '${1A}', '${A-B}', '${A:+x}', '${A', '${ A }', 'x${', '${${A}}'])('%s', (text) => {
    expect(interpolate(text, { A: 'x' })).toBeInstanceOf(InterpolationProblem);
  });

  test('an empty variable is none: a key URI without its end would name another key', () => {
    expect(interpolate('${A}', { A: '' })).toBeInstanceOf(InterpolationProblem);
    expect(interpolate('${A:-}', { A: '' })).toBe('');
  });
});

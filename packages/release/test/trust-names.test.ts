import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nameMatcher } from '../src/trust/glob.ts';
import { compareVersions, parseVersion } from '../src/trust/version.ts';

describe('globs over names of models', () => {
  test.each([
    ['acme/*', 'acme/llama', true],
    ['acme/*', 'acme/llama/8b', false],
    ['acme/*', 'acme', false],
    ['acme/**', 'acme/llama/8b', true],
    ['acme/**', 'acme', true],
    ['llama', 'acme/llama', false],
    ['llama', 'llama/evil', false],
    ['llama-?b', 'llama-8b', true],
    ['llama-?b', 'llama-70b', false],
    ['*', '', true],
    ['**', '', true],
    ['**', 'a/b', true],
    ['*', 'a/b', false],
    ['Llama', 'llama', false],
    ['a.c', 'abc', false],
  ])('%s and %j: %s', (glob, name, matches) => {
    expect(nameMatcher([glob])(name)).toBe(matches);
  });

  test('a name without a glob means itself alone', () => {
    const name = fc.stringMatching(/^[a-z0-9._+$ -]{1,8}(\/[a-z0-9._-]{1,8}){0,2}$/);
    fc.assert(
      fc.property(name, name, (one, other) => {
        expect(nameMatcher([one])(one)).toBe(true);
        expect(nameMatcher([one])(other)).toBe(one === other);
      }),
    );
  });
});

describe('versions', () => {
  const version = fc
    .tuple(
      fc.array(fc.nat(12), { minLength: 1, maxLength: 4 }),
      fc.option(fc.stringMatching(/^[a-b0-2.-]{1,5}$/)),
      fc.boolean(),
    )
    .map(
      ([numbers, before, v]) => `${v ? 'v' : ''}${numbers.join('.')}${before === null ? '' : `-${before}`}`,
    );
  const order = (a: string, b: string) => Math.sign(compareVersions(parseVersion(a)!, parseVersion(b)!));

  test('have one order', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(order(a, a)).toBe(0);
        expect(order(a, b)).toBe(0 - order(b, a));
        if (order(a, b) <= 0 && order(b, c) <= 0) expect(order(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  test('count as people do', () => {
    const sorted = ['0.9', '1-alpha', '1-alpha.2', '1-alpha.10', '1-rc.1', '1', '1.2', '1.10', '1.10.1', '2'];
    for (const [at, one] of sorted.entries())
      for (const [other, two] of sorted.entries()) expect(order(one, two)).toBe(Math.sign(at - other));
    expect(order('1.0.0', '1')).toBe(0);
    expect(order('1+build.7', '1')).toBe(0);
    expect(order(`1.${'9'.repeat(60)}`, `1.1${'0'.repeat(60)}`)).toBe(-1);
  });

  test.each(['', 'main', '1.', '.1', '1..2', '1 ', '-1', '1.2_3', '１', '1-', 'vv1'])(
    '%j has no order',
    (text) => {
      expect(parseVersion(text)).toBeUndefined();
    },
  );
});

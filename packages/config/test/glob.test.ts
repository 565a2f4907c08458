import fc from 'fast-check';
import picomatch from 'picomatch';
import { describe, expect, test } from 'vitest';
import { globMatches } from '../src/glob.js';
import { type Glob, readGlob } from '../src/read-glob.js';

function glob(text: string): Glob {
  const read = readGlob(text);
  if (typeof read === 'string') throw new Error(read);
  return read;
}

const matches = (text: string, path: string) =>
  globMatches(glob(text), { relative: path, absolute: `/at/${path}` });

describe('a glob matches', () => {
  test.for([
    ['*', ['a', '.a', 'a b', 'a\nb', '…'], ['a/b', '..']],
    ['*.safetensors', ['a.safetensors', '.safetensors'], ['a.bin', 'a/b.safetensors']],
    ['?', ['a', '😀', '.'], ['', 'ab', '/']],
    ['a*b*c', ['abc', 'axbxc', 'abbcc'], ['ab', 'acb']],
    ['**', ['a', 'a/b', '.a/.b'], ['../a', '..']],
    ['a/**', ['a/b', 'a/b/c'], ['a', 'ab', 'b/a']],
    ['**/a', ['a', 'b/a', 'b/c/a'], ['a/b', '../a']],
    ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b', 'a/b/b'], ['a', 'b', 'a/bb']],
    ['../*', ['../a'], ['a', '../../a', '..']],
    ['../../**', ['../../a/b'], ['../a']],
    ['./a', ['a'], ['b']],
    ['[a-c]x', ['ax', 'cx'], ['dx', '-x']],
    ['[!a-c]', ['d', '-'], ['a', '/']],
    ['[^a-c]', ['d'], ['b']],
    ['[]a]', [']', 'a'], ['b']],
    ['[a-]', ['a', '-'], ['b']],
    ['[\\]]', [']'], ['\\']],
    ['{a,b}', ['a', 'b'], ['c', '{a,b}']],
    ['{a,b/{c,d}}.bin', ['a.bin', 'b/c.bin', 'b/d.bin'], ['b.bin', 'c.bin']],
    ['a{,.bak}', ['a', 'a.bak'], ['a,']],
    ['{a,}', ['a', ''], ['b']],
    ['[,]{a,b}', [',a'], ['a']],
    ['\\*\\{\\\\', ['*{\\'], ['a{\\']],
    ['a,b', ['a,b'], ['a']],
    ['a (1)', ['a (1)'], ['a 1']],
    ['\\~a', ['~a'], ['a']],
    ['a/~b', ['a/~b'], ['a/b']],
    ['\\$a', ['$a'], ['a']],
    ['a$b/$', ['a$b/$'], []],
    ['\\ a\\\n', [' a\n'], ['a']],
    ['mod\u00e9les/*', ['mod\u00e9les/a', 'mode\u0301les/a'], ['modeles/a']],
    ['mode\u0301l[e\u0301]s/?', ['mod\u00e9l\u00e9s/\u00e9', 'mode\u0301le\u0301s/e\u0301'], ['modeles/e']],
  ] as const)('%s', ([text, yes, no]) => {
    if (text === '{a,}') return expect(readGlob(text)).toMatch(/is an empty glob/);
    expect(yes.filter((path) => !matches(text, path))).toEqual([]);
    expect(no.filter((path) => matches(text, path))).toEqual([]);
  });

  test('absolute ones the absolute path, also from among alternatives', () => {
    expect([
      matches('/at/*', 'a'),
      matches('/a', 'a'),
      matches('{/at/b,a}', 'a'),
      matches('{/at/b,c}', 'b'),
    ]).toEqual([true, false, true, true]);
    expect(globMatches(glob('**'), { relative: undefined, absolute: '/a' })).toBe(false);
  });
});

describe('a glob is refused', () => {
  test.for([
    ['', 'empty'],
    ['a/', 'ends with /'],
    ['{a/,b}', 'ends with /'],
    ['a//b', 'matches nothing'],
    ['a/./b', 'matches nothing'],
    ['a/../b', 'matches nothing'],
    ['/../a', 'matches nothing'],
    ['..', 'matches nothing'],
    ['{a', '{ without its }'],
    ['{a}', 'without a comma'],
    ['{1..3}', 'without a comma'],
    ['a}', '} without its {'],
    ['[a', '[ without its ]'],
    ['[a/b]', '[ without its ]'],
    ['[]', '[ without its ]'],
    ['[z-a]', 'end comes before'],
    ['[[:alpha:]]', 'class by name'],
    ['a\\', '\\ before nothing'],
    ['@(a|b)', '@(…), which is not offered'],
    ['a+(b)', '+(…), which is not offered'],
    ['*(1).bin', '*(…), which is not offered'],
    ['x'.repeat(1025), 'longer than 1024'],
    ['{a,b}'.repeat(20), 'stands for too much'],
    [`${'{'.repeat(200)}a${',b}'.repeat(200)}`.repeat(1), undefined],
    [`{${'a,'.repeat(100)}b}{${'a,'.repeat(100)}b}`, 'stands for too much'],
    ['~/models/**', 'begins with ~'],
    ['~ann/models/**', 'begins with ~'],
    ['{a,~}/b', 'begins with ~'],
    ['$HOME/models/**', 'like a variable'],
    ['/srv/$USER/**', 'like a variable'],
    ['%USERPROFILE%/models/**', 'like a variable'],
    ['C:\\models\\**', '\\ before a letter'],
    ['models\\**\\a', '\\ before a letter'],
    ['a/** ', 'ends with a blank'],
    [' a', 'begins or ends with a blank'],
    ['{a,b\n}', 'a line end'],
  ] as const)('%s', ([text, expected]) => {
    if (expected === undefined) expect(readGlob(text)).toHaveLength(201);
    else expect(readGlob(text)).toContain(expected);
  });
});

describe('what a glob costs is bounded by its length times the path’s', () => {
  const path = `${'a'.repeat(120)}b`;
  const deep = Array(200).fill('a').join('/');
  test.for([
    [`${'*a'.repeat(60)}*c`, path],
    ['*'.repeat(500), path],
    [`${'[a-z]*'.repeat(40)}!`, path],
    [`${'{*a,*aa}'.repeat(6)}c`, path],
    [`${'**/a/'.repeat(60)}c`, deep],
    [`${'**/*a*a*/'.repeat(40)}c`, deep],
    [`${'**/'.repeat(200)}b`, deep],
  ] as const)('%s', ([text, against]) => {
    const read = glob(text);
    const length = read.flatMap(({ parts }) => parts.flatMap((part) => [...part, '/'])).length;
    let steps = 0;
    const matched = globMatches(read, { relative: against, absolute: `/${against}` }, () => steps++);
    expect(matched).toBe(text === '*'.repeat(500));
    expect(steps).toBeLessThanOrEqual(length * against.length);
  });
});

describe('as others read globs', () => {
  const name = fc.stringMatching(/^[abc.]{1,4}$/).filter((text) => !/^\.+$/.test(text));
  const paths = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
  const piece = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'c', '.') },
    { weight: 2, arbitrary: fc.constantFrom('*', '?') },
    // With `nonegate` the other one takes the ! of [!a] for a letter.
    fc.constantFrom('[ab]', '[a-b]', '[^bc]', '{a,b}', '{ab,c}', '{a,{b,c}}'),
  );
  const part = fc.oneof(
    { weight: 4, arbitrary: fc.array(piece, { minLength: 1, maxLength: 4 }).map((all) => all.join('')) },
    { weight: 1, arbitrary: fc.constant('**') },
  );
  // Two stars beside each other within a name, and names of dots alone, are read in different ways.
  const globs = fc
    .array(part, { minLength: 1, maxLength: 4 })
    .filter((parts) =>
      parts.every(
        (one) => one === '**' || (!one.includes('**') && !/^[.?*]*$/.test(one.replace(/[?*]/g, ''))),
      ),
    )
    .map((parts) => parts.join('/'));

  test('they match the same', () => {
    let matched = 0;
    fc.assert(
      fc.property(globs, paths, (text, path) => {
        // To the other one a directory is in itself, sometimes.
        const theirs = text.endsWith('**') ? `${text}/*` : text;
        const expected = picomatch.isMatch(path, theirs, { dot: true, nonegate: true, flags: 's' });
        matched += expected ? 1 : 0;
        expect([text, path, matches(text, path)]).toEqual([text, path, expected]);
      }),
      { numRuns: 5000 },
    );
    expect(matched).toBeGreaterThan(50);
  });
});

test('whatever stands there: a glob or a sentence, and the reading ends', () => {
  const text = fc
    .array(fc.constantFrom('*', '?', '{', '}', ',', '[', ']', '!', '\\', '/', '.', 'a', '-', '('))
    .map((all) => all.join(''));
  fc.assert(
    fc.property(text, fc.string(), (written, path) => {
      const read = readGlob(written);
      if (typeof read === 'string') expect(read).toMatch(/\.$/);
      else expect(globMatches(read, { relative: path, absolute: `/${path}` })).toBeTypeOf('boolean');
    }),
  );
});

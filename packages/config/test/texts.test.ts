// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such texts are what this is about.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isWeightsealError } from '@weightseal/core';
import { describe, expect, test } from 'vitest';
import { Folder } from './support/folder.js';

const MOST = 250 * 1024;

/** What is said of a file, or its `deadlineMs`. */
async function read(bytes: Uint8Array | string, name = 'weightseal.config.yaml'): Promise<unknown> {
  await using folder = await Folder.with({});
  await writeFile(join(folder.path, name), bytes);
  try {
    return (await folder.load({ path: name })).deadlineMs;
  } catch (error) {
    if (!isWeightsealError(error)) throw error;
    expect(error.code).toBe('CONFIG_INVALID');
    return error.message;
  }
}

const utf16 = (text: string) => Buffer.from(text, 'utf16le');
const bytes = (...parts: (string | readonly number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

describe('what editors make of a text', () => {
  test.for([
    ['a byte order mark', 'weightseal.config.yaml', bytes([0xef, 0xbb, 0xbf], 'deadlineMs: 5\n')],
    ['one in JSON', 'weightseal.config.json', bytes([0xef, 0xbb, 0xbf], '{ "deadlineMs": 5 }\r\n')],
    ['line ends of Windows', 'weightseal.config.yaml', bytes('# why\r\ndeadlineMs: 5\r\n')],
    ['those in JSON', 'weightseal.config.json', bytes('{\r\n  "deadlineMs": 5\r\n}\r\n')],
    ['no line end', 'weightseal.config.yaml', bytes('deadlineMs: 5')],
    ['letters beyond ASCII', 'weightseal.config.yaml', bytes('# größe 😀 \ufffd\ndeadlineMs: 5\n')],
  ] as const)('is read: %s', async ([, name, content]) => {
    expect(await read(content, name)).toBe(5);
  });

  test.for([
    ['UTF-16 with its mark', bytes([0xff, 0xfe], [...utf16('deadlineMs: 5')]), 'The file is UTF-16'],
    ['the other way round', bytes([0xfe, 0xff], [...utf16('deadlineMs: 5').swap16()]), 'The file is UTF-16'],
    ['UTF-16 without', utf16('deadlineMs: 5'), 'The file is UTF-16 without a mark, or no text'],
    ['the other way round', utf16('deadlineMs: 5').swap16(), 'The file is UTF-16 without a mark'],
    ['UTF-32', bytes([0xff, 0xfe, 0, 0], [0x64, 0, 0, 0]), 'The file is UTF-32'],
    ['a NUL byte', bytes('# a\n# b\0'), ':2:4: A NUL byte stands here'],
    ['Latin-1', bytes('# a\n# gr', [0xf6], [0xdf], 'e\n'), ':2:5: What stands here is not UTF-8'],
    ['half a letter at the end', bytes('# a', [0xe2, 0x82]), ':1:4: What stands here is not UTF-8'],
    ['Latin-1 after a mark', bytes([0xef, 0xbb, 0xbf], '# ', [0xe9]), ':1:3: What stands here is not UTF-8'],
  ] as const)('is told: %s', async ([, content, expected]) => {
    const message = await read(content);
    expect(message).toContain(expected);
    expect(message).toMatch(/; save it as UTF-8\.$/);
    expect(await read(content, 'weightseal.config.json')).toContain(expected);
  });

  test('and what is wrong after a mark is told with the column that an editor shows', async () => {
    expect(await read(bytes([0xef, 0xbb, 0xbf], 'a: 1'))).toMatch(/yaml:1:1: a is not known/);
  });
});

const lines = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');
const keys = (count: number) => `keys:\n${lines(count, (index) => ` k${index}: local:k`)}\n`;
const rules = `recipients:\n${lines(1000, () => ` - { path: "${'*a'.repeat(40)}", keys: [local:a] }`)}\n`;

describe('a text made to be hard ends soon, with a sentence', () => {
  test.for([
    ['lists in lists', `open: ${'['.repeat(MOST)}`, 'nested deeper than any'],
    ['some of them, and sound', `open: ${'['.repeat(100)}${']'.repeat(100)}`, 'nested deeper than any'],
    ['objects in objects', `open: ${'{a: '.repeat(MOST / 4)}`, 'nested deeper than any'],
    ['more than anybody has', lines(20_000, (index) => `m${index}: 1`), 'There is more in it than in any'],
    ['a list of nothing', `open: [${'a,'.repeat(20_000)}]`, 'There is more in it than in any'],
    ['a name over and over', lines(20_000, () => 'm: 1'), ':2:1: This name stands here a second time'],
    ['a name by its alias again', '&a keys : {}\n*a : {}', ':2:1: This name stands here a second time'],
    ['aliases', `x: &a [1]\nopen: [${'*a, '.repeat(40_000)}]`, 'aliases stand for too much'],
    [
      'references that never end',
      `keys: { a: "local:${'${'.repeat(MOST / 2)}" }`,
      'has a ${ that is neither',
    ],
    ['unknown names', `${keys(2000)}open: [${'kkk, '.repeat(3000)}]`, '(The first of 100 or more mistakes.)'],
    [
      'unknown members',
      `keys:\n${lines(2000, (index) => ` m${index}: { b: 1 }`)}`,
      '(The first of 100 or more mistakes.)',
    ],
    [
      'profiles',
      `${keys(2000)}profiles:\n${lines(1000, (index) => ` p${index}: {}`)}`,
      'profiles has 1000 profiles',
    ],
    [
      'alternatives',
      `recipients: [{ path: "${'{a,b}'.repeat(30)}", keys: [local:a] }]`,
      'stands for too much',
    ],
    [
      'a long glob',
      `recipients: [{ path: "${'*a'.repeat(600)}", keys: [local:a] }]`,
      'longer than 1024 characters',
    ],
    ['many names', `${keys(2000)}open: [x]`, 'k18, k19, and 1980 more.'],
    ['a long name', `open: [${'k'.repeat(MOST)}]`, 'which is no key; the keys are none.'],
  ] as const)('%s', async ([, text, expected]) => {
    expect(await read(text)).toContain(expected);
  });

  test.for([
    [
      'rules in many profiles',
      `${rules}profiles:\n${lines(100, (index) => ` p${index}: {}`)}\ndeadlineMs: 5`,
    ],
    ['escapes', `keys: { a: "local:${'$${'.repeat(MOST / 3 - 20)}" }\ndeadlineMs: 5`],
    ['references', `keys: { a: "local:${'${A:-}'.repeat(MOST / 6 - 20)}a" }\ndeadlineMs: 5`],
    ['quotes', `keys: { a: "local:${'\\u0041'.repeat(MOST / 6 - 20)}" }\ndeadlineMs: 5`],
  ] as const)('and what only looks so is read: %s', async ([, text]) => {
    expect(await read(text)).toBe(5);
  });

  test('JSON too', async () => {
    expect(await read('['.repeat(MOST), 'weightseal.config.json')).toContain('nested deeper than any');
    expect(await read(`{ "open": [${'1,'.repeat(4000)}] }`, 'weightseal.config.json')).toContain(
      'This is not JSON',
    );
  });
});

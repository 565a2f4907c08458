import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseHeader, type SafetensorsHeader } from '../src/safetensors/header.js';
import { quoted } from '../src/safetensors/invalid.js';

const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'SAFETENSORS_INVALID', message: expect.stringMatching(message) });
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text));
const parse = (text: string, data = 0): SafetensorsHeader => {
  const json = bytesOf(text);
  return parseHeader(json, 8 + json.length + data);
};
const entry = (text: string) => `{"a":${text}}`;

describe('a header that is hostile', () => {
  const MILLIONS = 20_000_000;
  test.each<[string, string, RegExp]>([
    ['nests arrays', `{"a":${'['.repeat(MILLIONS)}`, /should have \{/],
    ['nests objects', '{"a":'.repeat(MILLIONS / 5), /deeper than 127/],
    ['nests arrays in a member that means nothing', `{"a":{"x":${'['.repeat(MILLIONS)}`, /deeper than 127/],
    ['has a word without end there', `{"a":{"x":${'9'.repeat(MILLIONS)}`, /a value/],
    [
      'has too many members that mean nothing',
      `{"a":{${'"x":0,'.repeat(1_000_001)}`,
      /more than 1000000 names/,
    ],
    ['has a shape without end', `{"a":{"shape":[${'1,'.repeat(MILLIONS)}`, /more than 64/],
    ['has a string without end', `{"${'\\"'.repeat(MILLIONS)}`, /string that ends/],
    ['has a number without end', `{"a":{"shape":[${'9'.repeat(MILLIONS)}`, /2\^53/],
    ['has too many names', `{"__metadata__":{${manyNames(1_000_001)}}}`, /more than 1000000 names/],
  ])('%s, and is refused soon', (_, text, message) => {
    // Of its own, whatever else the machine does.
    const before = process.cpuUsage();
    expect(() => parse(text)).toThrow(invalid(message));
    expect(process.cpuUsage(before).user).toBeLessThan(20_000_000);
  });

  test.each<[string, string, RegExp]>([
    ['a lone surrogate', '{"\\ud800":1}', /not JSON's/],
    ['a control character', '{"a\u0001":1}', /not JSON's/],
    ['an escape that JSON has not', '{"\\x41":1}', /not JSON's/],
    ['an exponent', entry('{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}'), /, or \]/],
    ['a minus', entry('{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}'), /a whole number/],
    ['a zero before a number', entry('{"dtype":"U8","shape":[01],"data_offsets":[0,1]}'), /a whole number/],
    ['a comma too many', '{"__metadata__":{},}', /a string/],
    ['a comma too few', '{"__metadata__":{}"a":1}', /, or \}/],
    ['something behind', '{} {}', /its end/],
    ['a zero byte behind', '{}\0', /its end/],
    ['metadata twice', '{"__metadata__":{},"__metadata__":{}}', /twice/],
    ['a key of the metadata twice', '{"__metadata__":{"a":"1","a":"1"}}', /twice/],
    ['metadata that is null twice', '{"__metadata__":null,"__metadata__":null}', /twice/],
    ['metadata that begins like null', '{"__metadata__":nulls}', /, or \}/],
    ['metadata that is true', '{"__metadata__":true}', /should have \{/],
    ['a key of the metadata that is null', '{"__metadata__":{"a":null}}', /a string/],
    ['a dtype that is null', entry('{"dtype":null,"shape":[0],"data_offsets":[0,0]}'), /a string/],
    ['a tensor that is a list', entry('["U8",[0],[0,0]]'), /should have \{/],
    ['no shape', entry('{"dtype":"U8","data_offsets":[0,0]}'), /needs a dtype/],
    ['three offsets', entry('{"dtype":"U8","shape":[0],"data_offsets":[0,0,0]}'), /more than 2/],
  ])('%s', (_, text, message) => {
    expect(() => parse(text)).toThrow(invalid(message));
  });
});

const HARMLESS = '"dtype":"U8","shape":[1],"data_offsets":[0,1]';

describe('a member of a tensor that the format does not know means nothing', () => {
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  test.each([
    ...['"text"', '"\\ud83d\\ude00"', '-1.5e+3', '0', '18446744073709551616', 'true', 'false', 'null'],
    ...['[]', '{}', ' [ 1 , {"dtype":[null]} ] ', '{"k":1,"k":2}', nested(125)],
  ])('be it %s, before or behind the others', (value) => {
    for (const members of [`"x":${value},${HARMLESS}`, `${HARMLESS},"x":${value},"x":${value}`]) {
      const { tensors } = parse(entry(`{${members}}`), 1);
      expect(tensors.get('a')).toMatchObject({ dtype: 'U8', shape: [1], byteLength: 1 });
    }
  });

  test.each([
    ...[
      '',
      '01',
      '1.',
      '.5',
      '1e',
      '+1',
      'NaN',
      'Infinity',
      '1e999',
      'tru',
      'TRUE',
      "'x'",
      '"x',
      '"\\ud800"',
    ],
    ...['[1,]', '[,]', '[1 2]', '{"x":1,}', '{"x"}', '{1:2}', nested(126)],
  ])('and is JSON all the same: %s is refused', (value) => {
    for (const members of [`"x":${value},${HARMLESS}`, `${HARMLESS},"x":${value}`])
      expect(() => parse(entry(`{${members}}`), 1)).toThrow(invalid(/header/));
  });

  test('but one of the three may not occur twice', () => {
    expect(() => parse(entry(`{${HARMLESS},"x":1,"d\\u0074ype":"I8"}`), 1)).toThrow(invalid(/twice/));
  });
});

test.each(['null', ' null ', '{}'])('metadata that is %s is none', (value) => {
  for (const text of [
    `{"__metadata__":${value},"a":{${HARMLESS}}}`,
    `{"a":{${HARMLESS}},"__metadata__":${value}}`,
  ])
    expect(parse(text, 1)).toMatchObject({ metadata: {}, tensors: { size: 1 } });
});

test('names that objects have by nature are names like others', () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
  const tensors = names.map(
    (name, i) => `"${name}":{"dtype":"U8","shape":[1],"data_offsets":[${i},${i + 1}]}`,
  );
  const metadata = names.map((name) => `"${name}":"mine"`);
  const header = parse(`{"__metadata__":{${metadata}},${tensors}}`, names.length);
  expect([...header.tensors.keys()]).toEqual(names);
  expect(Object.entries(header.metadata)).toEqual(names.map((name) => [name, 'mine']));
  expect(Object.getPrototypeOf(header.metadata)).toBeNull();
  expect(({} as { mine?: string }).mine).toBeUndefined();
});

test('tensors come in the order of their bytes, those without any too', () => {
  const at = (from: number, to: number) =>
    `{"dtype":"U8","shape":[${to - from}],"data_offsets":[${from},${to}]}`;
  const { tensors } = parse(
    `{"last":${at(5, 9)},"none":${at(5, 5)},"first":${at(0, 5)},"end":${at(9, 9)}}`,
    9,
  );
  expect([...tensors.keys()]).toEqual(['first', 'none', 'last', 'end']);
});

test('a name in a message is short, on one line, and cannot steer a terminal', () => {
  expect(quoted('a\n\u001b[2J\u009b\u202e"')).toBe('"a\\n\\u001b[2J\\u009b\\u202e\\""');
  expect(quoted('x'.repeat(1e6)).length).toBeLessThan(110);
});

test('whatever is changed in the text, it says the same or is refused', () => {
  const text = '{"__metadata__":{"k":"v"},"w":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]}}';
  const meaning = (value: SafetensorsHeader, start: number) => [
    value.metadata,
    [...value.tensors.values()].map(({ offset, ...rest }) => ({ ...rest, offset: offset - start })),
  ];
  const piece = fc.constantFrom(
    ...'{}[]",:0123456789 -.eE\\\n\tFUIBdtx',
    '\u00e9',
    '"w":',
    '[0,12]',
    '\\u0077',
  );
  const change = fc.record({
    at: fc.nat(text.length),
    cut: fc.nat(3),
    put: fc.array(piece, { maxLength: 2 }),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const mutated = changes.reduce(
        (now, { at, cut, put }) => now.slice(0, at) + put.join('') + now.slice(at + cut),
        text,
      );
      let parsed: SafetensorsHeader;
      try {
        parsed = parse(mutated, 12);
      } catch (error) {
        expect(error).toEqual(
          invalid(/^The sealed file holds no sound safetensors file: .+\. Seal a sound one\.$/),
        );
        return;
      }
      // What JSON says, and no more: nothing was read that another parser would read otherwise.
      const { __metadata__: metadata = {}, ...tensors } = JSON.parse(mutated);
      const wanted = Object.entries<{ dtype: string; shape: number[]; data_offsets: [number, number] }>(
        tensors,
      );
      expect(meaning(parsed, 8 + bytesOf(mutated).length)).toEqual([
        metadata,
        wanted
          .map(
            ([
              name,
              {
                dtype,
                shape,
                data_offsets: [from, to],
              },
            ]) => ({
              name,
              dtype,
              shape,
              byteLength: to - from,
              offset: from,
            }),
          )
          .sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength),
      ]);
    }),
    { numRuns: 20_000 },
  );
});

function manyNames(count: number): string {
  return Array.from({ length: count }, (_, i) => `"${i.toString(36)}":""`).join(',');
}

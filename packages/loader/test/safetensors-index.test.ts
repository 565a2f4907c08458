import { openSafetensors } from '@weightseal/loader';
import { describe, expect, test } from 'vitest';
import { checkIndexSize, parseIndex } from '../src/safetensors/index-file.js';
import type { Contents } from './support/plain-bundle.js';
import { safetensors } from './support/safetensors.js';
import { sealedBundle } from './support/sealed-bundle.js';
import { INDEX, indexOf, tensor } from './support/sharded.js';

const parse = (text: string | Buffer, at = INDEX) => parseIndex(new Uint8Array(Buffer.from(text)), at);
const map = (weights: object) => JSON.stringify({ weight_map: weights });

describe('an index', () => {
  test('says where each tensor is, beside it or below, and of itself what is text or number', () => {
    const { shards, metadata } = parse(
      '{"other":[{"a":1,"a":2}],"metadata":{"total_size":1060523520000000000,"format":"pt","tied":true,"none":null,"more":{}},"weight_map":{"b":"x.safetensors","a":"s/y.safetensors"}}\n',
      'unet/m.safetensors.index.json',
    );
    expect([...shards]).toEqual([
      ['b', 'unet/x.safetensors'],
      ['a', 'unet/s/y.safetensors'],
    ]);
    expect({ ...metadata }).toEqual({ total_size: '1060523520000000000', format: 'pt', tied: 'true' });
    expect(Object.getPrototypeOf(metadata)).toBeNull();
  });

  test('has the tensors __proto__ and constructor like any others', () => {
    const { shards } = parse('{"weight_map":{"__proto__":"x.safetensors","constructor":"x.safetensors"}}');
    expect([...shards.keys()]).toEqual(['__proto__', 'constructor']);
  });

  test('may say nothing of itself', () => {
    for (const more of ['', '"metadata":null,', '"metadata":[],', '"metadata":5,'])
      expect({ ...parse(`{${more}"weight_map":{}}`).metadata }).toEqual({});
  });

  test.each<[string, string | Buffer, RegExp]>([
    [
      'a path that leads above',
      map({ w: '../x.safetensors' }),
      /shard "\.\.\/x.safetensors" is no path from/,
    ],
    ['one that leads round', map({ w: 'a/../x.safetensors' }), /is no path from its own directory/],
    ['one that stands still', map({ w: './x.safetensors' }), /is no path from its own directory/],
    ['an absolute one', map({ w: '/etc/x.safetensors' }), /is no path from its own directory/],
    ['one with a slash too many', map({ w: 'a//x.safetensors' }), /is no path from its own directory/],
    ['one of another system', map({ w: '..\\x.safetensors' }), /is no path from its own directory/],
    ['one with a NUL', map({ w: 'x\0.safetensors' }), /is no path from its own directory/],
    ['no name', map({ w: '' }), /is no path from its own directory/],
    [
      'a file of another kind',
      map({ w: 'pytorch_model.bin' }),
      /"pytorch_model.bin" is no .safetensors file/,
    ],
    ['itself', map({ w: INDEX }), /is no .safetensors file/],
    ['a shard that is no text', map({ w: 5 }), /it should have a string at byte/],
    ['no map', '{"metadata":{}}', /it has no weight_map/],
    ['a list for a map', map(['x.safetensors']), /its weight_map is no object/],
    ['a text for a map', '{"weight_map":"x.safetensors"}', /its weight_map is no object/],
    ['null for a map', '{"weight_map":null}', /its weight_map is no object/],
    ['two maps', '{"weight_map":{},"weight_map":{}}', /it names "weight_map" twice/],
    [
      'a tensor in two shards',
      '{"weight_map":{"w":"a.safetensors","w":"b.safetensors"}}',
      /it names "w" twice/,
    ],
    ['no object', '[]', /it is no JSON object/],
    ['nothing', '', /it is no JSON object/],
    ['half of one', '{"weight_map":{"w":"a.safetensors"', /it should have/],
    ['more than one', '{"weight_map":{}}{}', /it should have its end/],
    [
      'what is not UTF-8',
      Buffer.from('{"weight_map":{"\xff":"a.safetensors"}}', 'latin1'),
      /it is not UTF-8/,
    ],
    ['what nests deep', `{"x":${'['.repeat(100_000)}`, /it nests deeper/],
    ['a name that turns the line', map({ w: '\u202e/../x' }), /"\\u202e\/\.\.\/x" is no path/],
  ])('is refused with %s', (_what, text, sentence) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: 'SAFETENSORS_INVALID', message: expect.stringMatching(sentence) }),
    );
    expect(() => parse(text)).toThrow(/^"model.safetensors.index.json" is no sound index/);
  });

  test('of more bytes than names can take, or with more names, is not read', () => {
    expect(() => checkIndexSize(INDEX, 100_000_000)).not.toThrow();
    expect(() => checkIndexSize(INDEX, 100_000_001)).toThrow(/100000001 bytes, and 100000000 are allowed/);
    const names = Array.from({ length: 1_000_001 }, (_, at) => `"${at}":"x.safetensors"`);
    expect(() => parse(`{"weight_map":{${names.join(',')}}}`)).toThrow(/more than 1000000 tensors/);
    expect(parse(`{"weight_map":{${names.slice(1).join(',')}}}`).shards.size).toBe(1_000_000);
  });
});

describe('an index that contradicts its shards is refused', () => {
  const [one, two] = [tensor('one', 2), tensor('two', 2)];

  test.each<[string, Contents, string, RegExp]>([
    [
      'a tensor that its shard lacks',
      {
        [INDEX]: Buffer.from(indexOf({ 'a.safetensors': [one, two] })),
        'a.safetensors': safetensors([one]),
      },
      'one',
      /it has "two" in "a.safetensors", which has no such tensor/,
    ],
    [
      'a tensor in two shards',
      {
        [INDEX]: Buffer.from(indexOf({ 'a.safetensors': [one], 'b.safetensors': [two] })),
        'a.safetensors': safetensors([one, two]),
        'b.safetensors': safetensors([two]),
      },
      'one',
      /it has "two" in "b.safetensors", and "a.safetensors" has a tensor of that name too/,
    ],
    [
      'a shard that is no safetensors file',
      { [INDEX]: Buffer.from(indexOf({ 'a.safetensors': [one] })), 'a.safetensors': Buffer.alloc(100, 255) },
      'one',
      /^"a.safetensors": The sealed file holds no sound safetensors file: its header would have/,
    ],
  ])('%s', async (_what, contents, name, sentence) => {
    await using bundle = await sealedBundle({ contents });
    await using file = await openSafetensors(bundle.path, { keys: bundle.keys });
    for (const call of [() => file.tensor(name), () => file.info(name), () => file.tensors()])
      await expect(call()).rejects.toMatchObject({
        code: 'SAFETENSORS_INVALID',
        message: expect.stringMatching(sentence),
      });
  });

  test('and a shard that is a directory is not in the bundle', async () => {
    const contents: Contents = {
      [INDEX]: Buffer.from(indexOf({ 'a.safetensors': [one] })),
      'a.safetensors': null,
    };
    await using bundle = await sealedBundle({ contents });
    await expect(openSafetensors(bundle.path, { keys: bundle.keys })).rejects.toMatchObject({
      code: 'BUNDLE_INCOMPLETE',
    });
  });

  test('but a tensor that no index names is none of the model', async () => {
    const contents = {
      [INDEX]: Buffer.from(indexOf({ 'a.safetensors': [one] })),
      'a.safetensors': safetensors([one, two]),
    };
    await using bundle = await sealedBundle({ contents });
    await using file = await openSafetensors(bundle.path, { keys: bundle.keys });
    expect([...(await file.tensors()).keys()]).toEqual(['one']);
    await expect(file.tensor('two')).rejects.toMatchObject({ code: 'TENSOR_NOT_FOUND' });
  });
});

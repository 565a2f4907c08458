import { runInNewContext } from 'node:vm';
import {
  bufferSource,
  type Context,
  encodeContext,
  openReader,
  reseal,
  rewrap,
  sealToFile,
  verify,
} from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import { code, failureOf, pattern } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const temp = await temporary();
const keys = [new MemoryKey('a')];
class Model {
  model = 'llama';
}
const hidden = Object.defineProperty({}, 'model', { value: 'llama', enumerable: false });
const throwing = new Proxy(
  {},
  {
    ownKeys: () => {
      throw new Error('no');
    },
  },
);

const refused: Record<string, unknown> = {
  nothing: null,
  text: 'model=llama',
  'a number': 1,
  'a function': () => {},
  'a Map': new Map([['model', 'llama']]),
  'a Map of another realm': runInNewContext('new Map([["model", "llama"]])'),
  'a Set': new Set(['model']),
  URLSearchParams: new URLSearchParams('model=llama'),
  Headers: new Headers({ model: 'llama' }),
  'a Date': new Date(),
  'an empty list': [],
  'a list': ['model=llama'],
  'a list of pairs': [['model', 'llama']],
  bytes: Buffer.from('x'),
  'a boxed string': new String('llama'),
  'an Error': new Error('x'),
  'an instance of a class': new Model(),
  'an object that inherits': Object.create({ model: 'llama' }),
  'a getter': {
    get model() {
      return 'llama';
    },
  },
  'a hidden property': hidden,
  'a symbol': { [Symbol('model')]: 'llama' },
  'a promise': Promise.resolve({ model: 'llama' }),
  'a nested object': { model: { name: 'llama' } },
  'a list within': { model: ['llama'] },
  'a number within': { version: 3 },
  'nothing within': { model: undefined },
  'a boxed string within': { model: new String('llama') },
  'a lone surrogate': { model: '\ud800' },
  'one that cannot be read': throwing,
};

const accepted: Record<string, object> = {
  'an object literal': { model: 'llama' },
  'an object without a prototype': Object.assign(Object.create(null), { model: 'llama' }),
  'an object of another realm': runInNewContext('({ model: "llama" })'),
  'what JSON gives': JSON.parse('{"model":"llama"}'),
  'a frozen object': Object.freeze({ model: 'llama' }),
};

describe('a context', () => {
  it.each(Object.entries(refused))('that is %s is refused wherever one is taken', async (_what, given) => {
    const context = given as Context;
    const path = temp.path();
    await sealToFile(bufferSource(pattern(100)), path, { keys, context: { model: 'llama' } });
    const calls = [
      () => sealToFile(bufferSource(pattern(100)), temp.path(), { keys, context }),
      () => verify(path, { keys, context }),
      () => openReader(path, { keys, context }),
      () => rewrap(path, { keys, context }),
      () => reseal(path, { keys, context }),
      async () => encodeContext(context),
    ];
    for (const call of calls) expect(await failureOf(call)).toEqual(code('CONTEXT_INVALID'));
  });

  it.each(Object.entries(accepted))('may be %s', async (_what, given) => {
    const context = given as Context;
    const path = temp.path();
    await sealToFile(bufferSource(pattern(100)), path, { keys, context });
    expect((await verify(path, { keys, context: { model: 'llama' } })).context).toEqual({ model: 'llama' });
    const other = { ...context, model: 'another' };
    expect(await failureOf(() => verify(path, { keys, context: other }))).toEqual(code('CONTEXT_MISMATCH'));
  });

  it('says which names there are where one is expected that is not, and no value', async () => {
    const sealed = async (context: Context) => {
      const path = temp.path();
      await sealToFile(bufferSource(pattern(100)), path, { keys, context });
      return (expected: Context) => failureOf(() => verify(path, { keys, context: expected }));
    };
    const some = await sealed({ model: 'llama', stage: 'private' });
    expect(await some({ modle: 'llama' })).toMatchObject({
      code: 'CONTEXT_MISMATCH',
      message: expect.stringMatching(
        /"modle" was expected, and is not in it; it has "model", "stage"\. Did you mean "model"\? Check/,
      ),
    });
    expect(await some({ modle: 'llama' })).not.toMatchObject({ message: expect.stringContaining('private') });
    const many = await sealed(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`name${i}`, 'x'])));
    expect(await many({ a: 'x' })).toMatchObject({
      message: expect.stringContaining('"name5" and 4 more.'),
    });
    const none = await sealed({});
    expect(await none({ a: 'x' })).toMatchObject({ message: expect.stringContaining('it has none at all.') });
  });

  it('says what to give instead', async () => {
    const error = await failureOf(async () => encodeContext(new Map() as unknown as Context));
    expect(error).toMatchObject({ message: expect.stringContaining('Object.fromEntries') });
  });

  it('is read once', async () => {
    let reads = 0;
    const changing = new Proxy(
      { model: 'llama' },
      {
        getOwnPropertyDescriptor: (target, name) => ({
          ...Reflect.getOwnPropertyDescriptor(target, name)!,
          value: `llama ${++reads}`,
        }),
      },
    );
    const path = temp.path();
    await sealToFile(bufferSource(pattern(100)), path, { keys, context: changing });
    expect((await verify(path, { keys, context: { model: 'llama 1' } })).context).toEqual({
      model: 'llama 1',
    });
  });
});

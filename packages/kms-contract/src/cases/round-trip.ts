import assert from 'node:assert/strict';
import type { Context } from '@weightseal/core';
import { assertCode, assertSameBytes, CONTEXT, DATA_KEY_BYTES, newDataKey, rejection } from '../check.js';
import type { WrapperCase } from '../types.js';

const MAX_CIPHERTEXT_BYTES = 6144;
const MAX_CONTEXT_BYTES = 4096;
const PARALLEL = 50;

const biggest: Context = { big: 'x'.repeat(MAX_CONTEXT_BYTES - '{"big":""}'.length) };
const most: Context = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`name${i}`, `value${i}`]));

export const roundTripCases: readonly WrapperCase[] = [
  {
    title: 'its URI names its provider and carries no credentials',
    async run({ wrapper }) {
      assert.match(wrapper.provider, /^[a-z][a-z0-9-]*$/, 'the provider is no URI scheme');
      assert.ok(wrapper.uri.startsWith(`${wrapper.provider}:`), 'the URI does not start with the provider');
      assert.doesNotMatch(wrapper.uri, /^[^:]+:\/\/[^/]*@/, 'the URI has a user part');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses.
      assert.doesNotMatch(wrapper.uri, /[\u0000-\u001f\u007f]/, 'the URI has control characters');
    },
  },
  {
    title: 'a wrap says which key and version made it, and how',
    async run({ wrapper }) {
      const wrapped = await wrapper.wrap(newDataKey(), CONTEXT);
      assert.ok(wrapped.keyUri.startsWith(`${wrapper.provider}:`), 'keyUri does not start with the provider');
      assert.doesNotMatch(wrapped.keyUri, /^[^:]+:\/\/[^/]*@/, 'keyUri has a user part');
      assert.equal(typeof wrapped.keyVersion, 'string');
      assert.ok(wrapped.algorithm.length > 0, 'algorithm is empty');
      assert.ok(wrapped.ciphertext instanceof Uint8Array);
      assert.ok(wrapped.ciphertext.length <= MAX_CIPHERTEXT_BYTES, 'the ciphertext is over 6144 bytes');
    },
  },
  {
    title: 'data keys come back as they were',
    async run({ wrapper }) {
      const keys = [new Uint8Array(DATA_KEY_BYTES), new Uint8Array(DATA_KEY_BYTES).fill(255)];
      for (const dataKey of [...keys, newDataKey(), newDataKey(), newDataKey(), newDataKey()]) {
        const unwrapped = await wrapper.unwrap(await wrapper.wrap(dataKey, CONTEXT), CONTEXT);
        assertSameBytes(unwrapped, dataKey, 'other bytes came back');
      }
    },
  },
  ...(
    [
      ['an empty context', {}],
      ['a context of 4096 bytes', biggest],
      ['a context of 64 entries', most],
      ['a context beyond ASCII', { größe: 'ß', 模型: '重み', lock: '🔒', quote: '"\\/' }],
    ] as const
  ).map(
    ([what, context]): WrapperCase => ({
      title: `${what} round-trips`,
      async run({ wrapper }) {
        const dataKey = newDataKey();
        const unwrapped = await wrapper.unwrap(await wrapper.wrap(dataKey, context), context);
        assertSameBytes(unwrapped, dataKey, 'other bytes came back');
      },
    }),
  ),
  {
    title: 'the order in which a context is written does not matter',
    async run({ wrapper }) {
      const dataKey = newDataKey();
      const wrapped = await wrapper.wrap(dataKey, { a: '1', b: '2' });
      assertSameBytes(await wrapper.unwrap(wrapped, { b: '2', a: '1' }), dataKey, 'other bytes came back');
    },
  },
  {
    title: 'a data key that is not 32 bytes long is refused',
    async run({ wrapper }, patienceMs) {
      for (const length of [0, 1, 16, 31, 33, 64]) {
        const what = `wrapping ${length} bytes`;
        const error = await rejection(wrapper.wrap(new Uint8Array(length), CONTEXT), what, patienceMs);
        assertCode(error, what, 'INVALID_ARGUMENT');
      }
    },
  },
  {
    title: 'neither call changes what it is given, and the result is the caller’s alone',
    async run({ wrapper }) {
      const dataKey = newDataKey();
      const kept = Uint8Array.from(dataKey);
      // Frozen, as core gives it.
      const wrapped = await wrapper.wrap(dataKey, Object.freeze({ ...CONTEXT }));
      assertSameBytes(dataKey, kept, 'wrap changed the data key');
      dataKey.fill(0);
      const before = Uint8Array.from(wrapped.ciphertext);
      const first = await wrapper.unwrap(wrapped, CONTEXT);
      assertSameBytes(wrapped.ciphertext, before, 'unwrap changed the wrap');
      assertSameBytes(first, kept, 'other bytes came back');
      first.fill(0);
      assertSameBytes(await wrapper.unwrap(wrapped, CONTEXT), kept, 'two results share their memory');
    },
  },
  {
    title: 'two wraps of one data key differ and do not show it',
    async run({ wrapper }) {
      const dataKey = newDataKey();
      const wraps = [];
      for (let i = 0; i < 8; i++) wraps.push(await wrapper.wrap(dataKey, CONTEXT));
      const seen = new Set(wraps.map(({ ciphertext }) => Buffer.from(ciphertext).toString('hex')));
      assert.equal(seen.size, wraps.length, 'wrapping is not randomised');
      const shown = wraps.some(({ ciphertext }) => Buffer.from(ciphertext).includes(Buffer.from(dataKey)));
      assert.ok(!shown, 'the wrap holds the data key in the clear');
    },
  },
  {
    title: `${PARALLEL} data keys at once do not get mixed up`,
    async run({ wrapper }) {
      const work = Array.from({ length: PARALLEL }, async (_, i) => {
        const [dataKey, context] = [newDataKey(), { ...CONTEXT, item: String(i) }];
        const unwrapped = await wrapper.unwrap(await wrapper.wrap(dataKey, context), context);
        assertSameBytes(unwrapped, dataKey, 'other bytes came back');
      });
      await Promise.all(work);
    },
  },
  {
    title: 'what an older version wrapped opens after a rotation',
    needs: ['rotate'],
    async run({ wrapper, rotate }) {
      const [oldKey, newKey] = [newDataKey(), newDataKey()];
      const older = await wrapper.wrap(oldKey, CONTEXT);
      await rotate();
      const newer = await wrapper.wrap(newKey, CONTEXT);
      // A provider with versions hidden in its ciphertext tells none, before as after.
      if (older.keyVersion !== '' || newer.keyVersion !== '')
        assert.notEqual(newer.keyVersion, older.keyVersion, 'keyVersion did not change');
      assertSameBytes(await wrapper.unwrap(older, CONTEXT), oldKey, 'the older wrap gave other bytes');
      assertSameBytes(await wrapper.unwrap(newer, CONTEXT), newKey, 'the newer wrap gave other bytes');
    },
  },
];

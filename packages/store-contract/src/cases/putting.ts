import assert from 'node:assert/strict';
import { assertHolds, assertObject, assertSameBytes, call, newBytes } from '../check.js';
import type { Case } from '../types.js';

export const puttingCases: readonly Case[] = [
  {
    title: 'what is put is there, and what it is called is what stat says',
    needs: ['write'],
    async run({ store, at }) {
      for (const size of [0, 1, 1000, 1_000_000]) {
        const [key, bytes] = [`${at}of-${size}`, newBytes(size)];
        const object = await store.put!(key, bytes, {}, call());
        assertObject(object, key, size);
        assert.equal((await store.stat(key, call())).version, object.version, 'stat tells another version');
        await assertHolds(store, key, bytes);
      }
    },
  },
  {
    title: 'without a condition it replaces what is there',
    needs: ['write'],
    async run({ store, at }) {
      const [key, bytes] = [`${at}object`, newBytes(1000)];
      const first = await store.put!(key, newBytes(2000), {}, call());
      const second = await store.put!(key, bytes, {}, call());
      assert.notEqual(second.version, first.version, 'other bytes have the same version');
      await assertHolds(store, key, bytes);
    },
  },
  {
    title: 'it takes a part of a larger buffer, and leaves it as it was',
    needs: ['write'],
    async run({ store, at }) {
      const whole = newBytes(10_000);
      const before = Uint8Array.from(whole);
      await store.put!(`${at}object`, whole.subarray(1000, 3000), {}, call());
      assertSameBytes(whole, before, 'what was given');
      await assertHolds(store, `${at}object`, before.subarray(1000, 3000));
    },
  },
  {
    title: '20 objects put at once do not get mixed up',
    needs: ['write'],
    async run({ store, at }) {
      const contents = Array.from({ length: 20 }, (_, i) => newBytes(10_000 + i));
      await Promise.all(contents.map((bytes, i) => store.put!(`${at}${i}`, bytes, {}, call())));
      await Promise.all(contents.map((bytes, i) => assertHolds(store, `${at}${i}`, bytes)));
    },
  },
];

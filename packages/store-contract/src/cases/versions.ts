import assert from 'node:assert/strict';
import { isWeightsealError } from '@weightseal/core';
import {
  assertOfStore,
  assertRefused,
  assertSameBytes,
  bytesOf,
  call,
  newBytes,
  readRange,
} from '../check.js';
import type { Case } from '../types.js';

const LARGE = 8 * 1024 * 1024;

export const versionCases: readonly Case[] = [
  {
    title: 'other bytes under the same key are another version',
    async run({ store, at, place }) {
      const key = `${at}object`;
      const versions: string[] = [];
      for (let i = 0; i < 3; i++) {
        await place(key, newBytes(1000));
        versions.push((await store.stat(key, call())).version);
      }
      assert.equal(new Set(versions).size, 3, 'two contents have one version');
    },
  },
  {
    title: 'an object that was replaced is INPUT_CHANGED to whoever names the version before',
    async run({ store, at, place, patienceMs }) {
      const [key, first, second] = [`${at}object`, newBytes(10_000), newBytes(10_000)];
      await place(key, first);
      const { version } = await store.stat(key, call());
      assertSameBytes(
        await readRange(store, key, 0, 5000, version),
        first.subarray(0, 5000),
        'the first half',
      );
      await place(key, second);
      const late = async () => readRange(store, key, 5000, 5000, version);
      await assertRefused(late(), 'the second half', patienceMs, 'INPUT_CHANGED');
      const beyond = async () => readRange(store, key, 20_000, 10, version);
      await assertRefused(beyond(), 'a range beyond the end', patienceMs, 'INPUT_CHANGED');
      assertSameBytes(await readRange(store, key, 5000, 5000), second.subarray(5000), 'without a version');
      await place(key, new Uint8Array());
      await assertRefused(late(), 'a range of what is empty by now', patienceMs, 'INPUT_CHANGED');
    },
  },
  {
    title: 'an object that is replaced while it is read gives the bytes of one version, or an error',
    async run({ store, at, place }) {
      const [key, first] = [`${at}large`, newBytes(LARGE)];
      await place(key, first);
      const { version } = await store.stat(key, call());
      const { body } = await store.read(key, { offset: 0, length: LARGE, version }, call());
      const pieces: Buffer[] = [];
      try {
        for await (const piece of body) {
          if (pieces.length === 0) await place(key, newBytes(LARGE));
          pieces.push(Buffer.from(piece));
        }
      } catch (error) {
        assert.ok(isWeightsealError(error), 'the body threw something other than a WeightsealError');
        assertOfStore(error, 'the body');
        return;
      }
      assertSameBytes(Buffer.concat(pieces), first, 'what came');
    },
  },
  {
    title: 'a version that never was is INPUT_CHANGED',
    async run({ store, at, place, patienceMs }) {
      const key = `${at}object`;
      await place(key, newBytes(1000));
      await place(`${at}other`, newBytes(1000));
      const { version } = await store.stat(`${at}other`, call());
      const read = store.read(key, { offset: 0, length: 10, version }, call()).then(bytesOf);
      await assertRefused(read, 'the version of another object', patienceMs, 'INPUT_CHANGED');
    },
  },
];

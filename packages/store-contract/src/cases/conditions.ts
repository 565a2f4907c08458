import assert from 'node:assert/strict';
import { isWeightsealError, type StoredObject, type WriteCondition } from '@weightseal/core';
import { assertHolds, assertRefused, call, newBytes } from '../check.js';
import type { Case, Scene } from '../types.js';

const ABSENT = { condition: { ifAbsent: true } } as const;
const AT_ONCE = 8;

export const conditionCases: readonly Case[] = [
  {
    title: 'put where nothing is: the first is taken, the second is OUTPUT_EXISTS',
    needs: ['write', 'putIfAbsent'],
    async run({ store, at, patienceMs }) {
      const [key, bytes] = [`${at}object`, newBytes(1000)];
      await store.put!(key, bytes, ABSENT, call());
      const second = store.put!(key, newBytes(1000), ABSENT, call());
      await assertRefused(second, 'the second', patienceMs, 'OUTPUT_EXISTS');
      // A retry after a lost answer looks the same.
      const same = store.put!(key, bytes, ABSENT, call());
      await assertRefused(same, 'the same bytes again', patienceMs, 'OUTPUT_EXISTS');
      await assertHolds(store, key, bytes);
    },
  },
  {
    title: 'put in place of a version: the right one is replaced, any other is INPUT_CHANGED',
    needs: ['write', 'putIfVersion'],
    async run({ store, at, patienceMs }) {
      const [key, bytes] = [`${at}object`, newBytes(1000)];
      const first = await store.put!(key, newBytes(1000), {}, call());
      await store.put!(key, bytes, { condition: { ifVersion: first.version } }, call());
      await assertHolds(store, key, bytes);
      const late = store.put!(key, newBytes(1000), { condition: { ifVersion: first.version } }, call());
      await assertRefused(late, 'a put in place of the version before', patienceMs, 'INPUT_CHANGED');
      await assertHolds(store, key, bytes);
    },
  },
  {
    title: 'put in place of a version where nothing is puts nothing',
    needs: ['write', 'putIfVersion'],
    async run({ store, at, patienceMs }) {
      const { version } = await store.put!(`${at}other`, newBytes(1000), {}, call());
      const put = store.put!(`${at}object`, newBytes(1000), { condition: { ifVersion: version } }, call());
      await assertRefused(put, 'the put', patienceMs, 'INPUT_CHANGED', 'INPUT_NOT_FOUND');
      await assertRefused(store.stat(`${at}object`, call()), 'stat', patienceMs, 'INPUT_NOT_FOUND');
    },
  },
  {
    title: 'of 8 puts at once where nothing is, one wins',
    needs: ['write', 'putIfAbsent', 'onePutWins'],
    run: (scene) => race(scene, `${scene.at}object`, { ifAbsent: true }, 'OUTPUT_EXISTS'),
  },
  {
    title: 'of 8 puts at once in place of a version, one wins',
    needs: ['write', 'putIfVersion', 'onePutWins'],
    async run(scene) {
      const key = `${scene.at}object`;
      const { version } = await scene.store.put!(key, newBytes(1000), {}, call());
      await race(scene, key, { ifVersion: version }, 'INPUT_CHANGED');
    },
  },
];

async function race(
  { store }: Scene,
  key: string,
  condition: WriteCondition,
  code: 'OUTPUT_EXISTS' | 'INPUT_CHANGED',
): Promise<void> {
  const contents = Array.from({ length: AT_ONCE }, () => newBytes(1000));
  const outcomes = await Promise.allSettled(
    contents.map((bytes) => store.put!(key, bytes, { condition }, call())),
  );
  const won = outcomes.flatMap((one, i) => (one.status === 'fulfilled' ? [[one.value, i] as const] : []));
  for (const one of outcomes) if (one.status === 'rejected') assertLost(one.reason, code);
  assert.equal(won.length, 1, `${won.length} of ${AT_ONCE} won`);
  const [object, winner] = won[0] as readonly [StoredObject, number];
  assert.equal((await store.stat(key, call())).version, object.version, 'the winner was replaced');
  await assertHolds(store, key, contents[winner]!);
}

function assertLost(error: unknown, code: string): void {
  assert.ok(isWeightsealError(error), 'a put threw something other than a WeightsealError');
  // Whoever is told to come again has not been told that it lost.
  assert.ok(
    [code, 'STORE_THROTTLED', 'STORE_UNAVAILABLE'].includes(error.code),
    `it lost with ${error.code}`,
  );
}

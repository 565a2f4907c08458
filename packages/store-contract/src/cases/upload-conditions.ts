import assert from 'node:assert/strict';
import { isWeightsealError, type ObjectWriteOptions, type Upload } from '@weightseal/core';
import { assertHolds, assertRefused, call, newBytes } from '../check.js';
import type { Case, Scene } from '../types.js';
import { cut } from './uploading.js';

const ABSENT = { condition: { ifAbsent: true } } as const;

export const uploadConditionCases: readonly Case[] = [
  {
    title: 'an upload where nothing is: complete where that holds, OUTPUT_EXISTS where somebody was faster',
    needs: ['write', 'uploadIfAbsent'],
    async run(scene) {
      const { store, at, patienceMs } = scene;
      const one = await sent(scene, `${at}object`, ABSENT);
      await one.upload.complete(call());
      await assertHolds(store, `${at}object`, one.bytes);
      const late = await sent(scene, `${at}other`, ABSENT);
      const first = newBytes(1000);
      await store.put!(`${at}other`, first, {}, call());
      await assertRefused(late.upload.complete(call()), 'its completion', patienceMs, 'OUTPUT_EXISTS');
      await late.upload.abort(call());
      await assertHolds(store, `${at}other`, first);
    },
  },
  {
    title: 'an upload in place of a version: complete where it is that, INPUT_CHANGED otherwise',
    needs: ['write', 'uploadIfVersion'],
    async run(scene) {
      const { store, at, patienceMs } = scene;
      const key = `${at}object`;
      const { version } = await store.put!(key, newBytes(1000), {}, call());
      const right = await sent(scene, key, { condition: { ifVersion: version } });
      const late = await sent(scene, key, { condition: { ifVersion: version } });
      await right.upload.complete(call());
      await assertRefused(late.upload.complete(call()), 'the second', patienceMs, 'INPUT_CHANGED');
      await late.upload.abort(call());
      await assertHolds(store, key, right.bytes);
    },
  },
  {
    title: 'of two uploads at once where nothing is, one wins',
    needs: ['write', 'uploadIfAbsent', 'oneUploadWins'],
    async run(scene) {
      const key = `${scene.at}object`;
      const sendings = [await sent(scene, key, ABSENT), await sent(scene, key, ABSENT)];
      const outcomes = await Promise.allSettled(sendings.map(({ upload }) => upload.complete(call())));
      const won = sendings.filter((_, i) => outcomes[i]!.status === 'fulfilled');
      assert.equal(won.length, 1, `${won.length} of 2 won`);
      const lost = outcomes.find((one) => one.status === 'rejected');
      const { reason } = lost as PromiseRejectedResult;
      assert.ok(isWeightsealError(reason), 'it lost with something other than a WeightsealError');
      assert.ok(['OUTPUT_EXISTS', 'STORE_THROTTLED', 'STORE_UNAVAILABLE'].includes(reason.code), reason.code);
      await assertHolds(scene.store, key, won[0]!.bytes);
    },
  },
];

async function sent(
  { store }: Scene,
  key: string,
  options: ObjectWriteOptions,
): Promise<{ readonly upload: Upload; readonly bytes: Uint8Array }> {
  const upload = await store.upload!(key, options, call());
  const { bytes, parts } = cut(upload.rules, [1, 0]);
  for (const one of parts) await upload.part(one, call());
  return { upload, bytes };
}

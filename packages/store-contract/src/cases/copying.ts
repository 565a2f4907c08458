import assert from 'node:assert/strict';
import { assertHolds, assertRefused, call, newBytes } from '../check.js';
import type { Case, Scene } from '../types.js';
import { cut } from './uploading.js';

export const copyingCases: readonly Case[] = [
  {
    title: 'ranges of an object in the store become parts beside parts that are sent',
    needs: ['write', 'copy'],
    async run(scene) {
      const { store, at } = scene;
      const { from, source, unit } = await placed(scene);
      const upload = await store.upload!(`${at}object`, {}, call());
      assert.ok(upload.copy, 'the upload has no copy; give the reason in without.copy');
      const head = newBytes(unit);
      await upload.part({ index: 0, offset: 0, bytes: head, last: false }, call());
      await upload.copy({ index: 1, from, offset: 1000, length: unit }, call());
      await upload.copy({ index: 2, from, offset: 1000 + unit, length: source.length - 1000 - unit }, call());
      await upload.complete(call());
      await assertHolds(store, `${at}object`, Buffer.concat([head, source.subarray(1000)]));
    },
  },
  {
    title: 'an object that was replaced is not copied from: INPUT_CHANGED',
    needs: ['write', 'copy', 'copyIfVersion'],
    async run(scene) {
      const { store, at, patienceMs } = scene;
      const { from, source, unit } = await placed(scene);
      await scene.place(from.key, newBytes(source.length));
      const upload = await store.upload!(`${at}object`, {}, call());
      const copied = upload.copy!({ index: 0, from, offset: 0, length: unit }, call());
      await assertRefused(copied, 'the copy', patienceMs, 'INPUT_CHANGED');
      await upload.abort(call());
    },
  },
];

/** A source under a key that needs encoding, of twice the least part and something. */
async function placed(scene: Scene) {
  const { store, at } = scene;
  const begun = await store.upload!(`${at}rules`, {}, call());
  await begun.abort(call());
  const unit = cut(begun.rules, [1]).bytes.length;
  const [key, source] = [`${at}source of it`, newBytes(unit * 2 + 4711)];
  await scene.place(key, source);
  return { from: await store.stat(key, call()), source, unit };
}

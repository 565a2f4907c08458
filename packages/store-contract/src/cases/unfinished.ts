import assert from 'node:assert/strict';
import type { ObjectStore, UnfinishedUpload } from '@weightseal/core';
import { assertHolds, assertOfStore, call, rejection } from '../check.js';
import type { Case } from '../types.js';
import { cut } from './uploading.js';

export const unfinishedCases: readonly Case[] = [
  {
    title: 'uploads that were begun are found by their prefix, and ended',
    needs: ['write', 'unfinished'],
    async run({ store, at, patienceMs }) {
      const keys = [`${at}a`, `${at}b/c`, `${at}b/d e`];
      const uploads = [];
      for (const key of keys) uploads.push(await store.upload!(key, {}, call()));
      for (const upload of uploads) await upload.part(cut(upload.rules, [0]).parts[0]!, call());
      assert.deepEqual((await begun(store, at)).map(({ key }) => key).sort(), keys);
      const below = await begun(store, `${at}b/`);
      assert.deepEqual(below.map(({ key }) => key).sort(), keys.slice(1));
      for (const one of below) {
        if (one.started !== undefined)
          assert.match(one.started, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/);
        await one.abort(call());
        await one.abort(call());
      }
      assert.deepEqual(
        (await begun(store, at)).map(({ key }) => key),
        keys.slice(0, 1),
      );
      const late = await rejection(
        uploads[1]!.complete(call()),
        'the completion of what was ended',
        patienceMs,
      );
      assertOfStore(late, 'the completion of what was ended');
      await uploads[0]!.complete(call());
      assert.deepEqual(await begun(store, at), []);
    },
  },
  {
    title: 'what is complete or given up is not unfinished, and two of one key are two',
    needs: ['write', 'unfinished'],
    async run({ store, at }) {
      const key = `${at}object`;
      const uploads = [];
      for (let i = 0; i < 3; i++) uploads.push(await store.upload!(key, {}, call()));
      const contents = uploads.map(({ rules }) => cut(rules, [0]));
      for (const [i, upload] of uploads.entries()) await upload.part(contents[i]!.parts[0]!, call());
      await uploads[0]!.abort(call());
      await uploads[1]!.complete(call());
      await assertHolds(store, key, contents[1]!.bytes);
      assert.deepEqual(
        (await begun(store, at)).map((one) => one.key),
        [key],
      );
      await uploads[2]!.abort(call());
      await assertHolds(store, key, contents[1]!.bytes);
    },
  },
];

async function begun(store: ObjectStore, prefix: string): Promise<readonly UnfinishedUpload[]> {
  const found: UnfinishedUpload[] = [];
  for await (const one of store.unfinished!(prefix, call())) found.push(one);
  return found;
}

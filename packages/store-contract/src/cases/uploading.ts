import assert from 'node:assert/strict';
import type { ObjectStore, PartRules, Upload, UploadPart } from '@weightseal/core';
import {
  assertHolds,
  assertObject,
  assertOfStore,
  assertRefused,
  call,
  newBytes,
  rejection,
} from '../check.js';
import type { Case } from '../types.js';

export const uploadingCases: readonly Case[] = [
  {
    title: 'an upload in parts is the object, once it is complete, and nothing before',
    needs: ['write'],
    async run({ store, at, patienceMs }) {
      const key = `${at}object`;
      const upload = await store.upload!(key, {}, call());
      const { bytes, parts } = cut(upload.rules, [1, 1, 0]);
      for (const one of parts) await upload.part(one, call());
      await assertRefused(
        store.stat(key, call()),
        'stat before it is complete',
        patienceMs,
        'INPUT_NOT_FOUND',
      );
      const object = await upload.complete(call());
      assertObject(object, key, bytes.length);
      assert.equal((await store.stat(key, call())).version, object.version, 'stat tells another version');
      await assertHolds(store, key, bytes);
    },
  },
  {
    title: 'parts at the least size and above it, told the size beforehand',
    needs: ['write'],
    async run({ store, at }) {
      for (const [i, shape] of [[1], [2, 1], [1, 1], [0]].entries()) {
        const key = `${at}${i}`;
        const rules = await rulesOf(store, `${at}rules`);
        const { bytes, parts } = cut(rules, shape);
        const upload = await store.upload!(key, { size: bytes.length }, call());
        for (const one of parts) await upload.part(one, call());
        await upload.complete(call());
        await assertHolds(store, key, bytes);
      }
    },
  },
  {
    title: 'parts come in any order and at once, where it says so',
    needs: ['write'],
    async run({ store, at }) {
      const upload = await store.upload!(`${at}object`, {}, call());
      const { bytes, parts } = cut(upload.rules, [1, 1, 1, 0]);
      if (upload.rules.anyOrder) {
        await upload.part(parts.at(-1)!, call());
        await Promise.all(parts.slice(0, -1).map((one) => upload.part(one, call())));
      } else for (const one of parts) await upload.part(one, call());
      await upload.complete(call());
      await assertHolds(store, `${at}object`, bytes);
    },
  },
  {
    title: 'a part that is sent again replaces what came of the first',
    needs: ['write'],
    async run({ store, at }) {
      const upload = await store.upload!(`${at}object`, {}, call());
      const { bytes, parts } = cut(upload.rules, [1, 0]);
      for (const one of parts) {
        await upload.part(one, call());
        await upload.part(one, call());
      }
      await upload.complete(call());
      await assertHolds(store, `${at}object`, bytes);
    },
  },
  {
    title: 'what is given up leaves nothing, twice given up neither',
    needs: ['write'],
    async run({ store, at, patienceMs }) {
      const key = `${at}object`;
      for (const shape of [[], [0], [1, 0]]) {
        const upload = await store.upload!(key, {}, call());
        for (const one of cut(upload.rules, shape).parts) await upload.part(one, call());
        await upload.abort(call());
        await upload.abort(call());
        await assertRefused(store.stat(key, call()), 'stat', patienceMs, 'INPUT_NOT_FOUND');
        assertOfStore(
          await rejection(upload.complete(call()), 'its completion', patienceMs),
          'its completion',
        );
        await assertRefused(store.stat(key, call()), 'stat', patienceMs, 'INPUT_NOT_FOUND');
      }
    },
  },
  {
    title: 'an object stays as it is until an upload in its place is complete, or given up',
    needs: ['write', 'atomic'],
    async run({ store, at }) {
      const [key, before] = [`${at}object`, newBytes(1000)];
      await store.put!(key, before, {}, call());
      const given = await store.upload!(key, {}, call());
      const { bytes, parts } = cut(given.rules, [1, 0]);
      for (const one of parts) await given.part(one, call());
      await assertHolds(store, key, before);
      await given.abort(call());
      await assertHolds(store, key, before);
      const upload = await store.upload!(key, {}, call());
      for (const one of parts) await upload.part(one, call());
      await assertHolds(store, key, before);
      await upload.complete(call());
      await assertHolds(store, key, bytes);
    },
  },
  {
    title: 'two uploads of one key at once do not get mixed up; the second may be told that it lost',
    needs: ['write'],
    async run({ store, at, patienceMs }) {
      const uploads: Upload[] = [];
      for (let i = 0; i < 2; i++) uploads.push(await store.upload!(`${at}object`, {}, call()));
      const pieces = uploads.map(({ rules }) => cut(rules, [1, 0]));
      for (let part = 0; part < 2; part++)
        for (const [i, upload] of uploads.entries()) await upload.part(pieces[i]!.parts[part]!, call());
      const [first, second] = uploads as [Upload, Upload];
      await first.complete(call());
      await assertHolds(store, `${at}object`, pieces[0]!.bytes);
      const won = await second.complete(call()).catch((error: unknown) => ({ error }));
      if ('error' in won)
        await assertRefused(Promise.reject(won.error), 'the second', patienceMs, 'INPUT_CHANGED');
      await assertHolds(store, `${at}object`, pieces['error' in won ? 0 : 1]!.bytes);
    },
  },
];

/** Bytes in parts: for each number as many times the least size, a part of a few bytes for 0; the last is told as such. */
export function cut(
  rules: PartRules,
  shape: readonly number[],
): { readonly bytes: Uint8Array; readonly parts: readonly UploadPart[] } {
  const least = Math.max(rules.least, rules.multiple, 1000);
  const unit = Math.ceil(least / rules.multiple) * rules.multiple;
  const sizes = shape.map((times) => (times === 0 ? 77 : times * unit));
  const bytes = newBytes(sizes.reduce((sum, size) => sum + size, 0));
  let offset = 0;
  const parts = sizes.map((size, index) => {
    const part = {
      index,
      offset,
      bytes: bytes.subarray(offset, offset + size),
      last: index === sizes.length - 1,
    };
    offset += size;
    return part;
  });
  return { bytes, parts };
}

async function rulesOf(store: ObjectStore, key: string): Promise<PartRules> {
  const begun = await store.upload!(key, {}, call());
  await begun.abort(call());
  return begun.rules;
}

import { assertHolds, assertRefused, call, newBytes } from '../check.js';
import type { Case } from '../types.js';

export const removingCases: readonly Case[] = [
  {
    title: 'what is removed is gone, and only that; removed again it is no error',
    needs: ['write', 'remove'],
    async run({ store, at, patienceMs }) {
      const bytes = newBytes(1000);
      for (const name of ['object', 'object2', 'other']) await store.put!(`${at}${name}`, bytes, {}, call());
      await store.remove!(`${at}object`, {}, call());
      await store.remove!(`${at}object`, {}, call());
      await store.remove!(`${at}never`, {}, call());
      await assertRefused(store.stat(`${at}object`, call()), 'stat', patienceMs, 'INPUT_NOT_FOUND');
      for (const name of ['object2', 'other']) await assertHolds(store, `${at}${name}`, bytes);
    },
  },
  {
    title: 'a version is removed while it is that, and INPUT_CHANGED otherwise',
    needs: ['write', 'remove', 'removeIfVersion'],
    async run({ store, at, patienceMs }) {
      const [key, bytes] = [`${at}object`, newBytes(1000)];
      const { version: before } = await store.put!(key, newBytes(1000), {}, call());
      const { version } = await store.put!(key, bytes, {}, call());
      const late = store.remove!(key, { version: before }, call());
      await assertRefused(late, 'the removal of the version before', patienceMs, 'INPUT_CHANGED');
      await assertHolds(store, key, bytes);
      await store.remove!(key, { version }, call());
      await assertRefused(store.stat(key, call()), 'stat', patienceMs, 'INPUT_NOT_FOUND');
    },
  },
];

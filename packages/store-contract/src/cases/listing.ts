import assert from 'node:assert/strict';
import { call, inTime, listed, nameOf, newBytes } from '../check.js';
import type { Case, Scene } from '../types.js';

const NAMES = ['B', 'a', 'a-b', 'a0', 'b/c', 'b/d/e', 'b0', 'c/d'];
/** In the order of their bytes in UTF-8, which is not that of JavaScript's characters. */
const UNICODE = ['z', 'é', '\u{ff21}', '😀'];
/** Most stores give 1,000 at once. */
const MORE_THAN_A_PAGE = 1001;

export const listingCases: readonly Case[] = [
  {
    title: 'all that is below a prefix is listed, in the order of bytes, as stat tells it',
    needs: ['list'],
    async run(scene) {
      const { store, at } = scene;
      await placeAll(scene, [...NAMES].reverse());
      const found = await listed(store, at);
      assert.deepEqual(
        found.map(nameOf),
        NAMES.map((name) => `${at}${name}`),
      );
      for (const one of found) {
        assert.ok(!('prefix' in one), 'a prefix is listed where objects were asked for');
        const { size, version } = await store.stat(one.key, call());
        assert.deepEqual([one.size, one.version], [size, version], 'stat tells it otherwise');
      }
    },
  },
  {
    title: 'one level has its objects and prefixes, in the order of bytes',
    needs: ['list'],
    async run(scene) {
      const { store, at } = scene;
      await placeAll(scene, NAMES);
      const level = async (prefix: string) => (await listed(store, prefix, true)).map(nameOf);
      assert.deepEqual(
        await level(at),
        ['B', 'a', 'a-b', 'a0', 'b/', 'b0', 'c/'].map((name) => `${at}${name}`),
      );
      assert.deepEqual(await level(`${at}b/`), [`${at}b/c`, `${at}b/d/`]);
      assert.deepEqual(await level(`${at}b`), [`${at}b/`, `${at}b0`]);
    },
  },
  {
    title: 'a prefix is the beginning of keys, and no more; none has none',
    needs: ['list'],
    async run(scene) {
      const { store, at } = scene;
      await placeAll(scene, NAMES);
      const names = async (prefix: string) => (await listed(store, prefix)).map(nameOf);
      assert.deepEqual(await names(`${at}a`), [`${at}a`, `${at}a-b`, `${at}a0`]);
      assert.deepEqual(await names(`${at}b/d/e`), [`${at}b/d/e`]);
      assert.deepEqual(await names(`${at}nothing`), []);
      assert.deepEqual(await listed(store, `${at}nothing/`, true), []);
    },
  },
  {
    title: 'a key below a key is listed after it, and both are objects',
    needs: ['list', 'keyBelowKey'],
    async run(scene) {
      const { store, at } = scene;
      // One after another: SeaweedFS, whose keys are paths, may lose one that comes with one below it.
      for (const name of ['a', 'a/b', 'a/b/c']) await scene.place(`${at}${name}`, newBytes(5));
      const names = async (prefix: string, oneLevel = false) =>
        (await listed(store, prefix, oneLevel)).map(nameOf);
      assert.deepEqual(await names(`${at}a`), [`${at}a`, `${at}a/b`, `${at}a/b/c`]);
      assert.deepEqual(await names(at, true), [`${at}a`, `${at}a/`]);
      assert.deepEqual(await names(`${at}a/`, true), [`${at}a/b`, `${at}a/b/`]);
    },
  },
  {
    title: 'beyond ASCII, too, the order is that of bytes',
    needs: ['list', 'unicodeKeys'],
    async run(scene) {
      await placeAll(scene, [...UNICODE].reverse());
      assert.deepEqual(
        (await listed(scene.store, scene.at)).map(nameOf),
        UNICODE.map((name) => `${scene.at}${name}`),
      );
    },
  },
  {
    title: 'a list that is left early ends',
    needs: ['list'],
    async run(scene) {
      const { store, at, patienceMs } = scene;
      await placeAll(scene, NAMES);
      const leave = async () => {
        for await (const _ of store.list!(at, { oneLevel: false }, call())) return;
      };
      await inTime(leave(), 'leaving a list', patienceMs);
      assert.equal((await listed(store, at)).length, NAMES.length);
    },
  },
  {
    title: 'a list goes on over its pages',
    needs: ['list', 'many'],
    async run(scene) {
      const { store, at } = scene;
      const names = Array.from({ length: MORE_THAN_A_PAGE }, (_, i) => `n${String(i).padStart(4, '0')}`);
      await placeAll(scene, names);
      for (const oneLevel of [false, true])
        assert.deepEqual(
          (await listed(store, at, oneLevel)).map(nameOf),
          names.map((name) => `${at}${name}`),
        );
    },
  },
];

async function placeAll({ at, place }: Scene, names: readonly string[]): Promise<void> {
  const left = [...names];
  const work = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift())
      await place(`${at}${name}`, newBytes(3 + (name.length % 5)));
  };
  await Promise.all(Array.from({ length: 8 }, work));
}

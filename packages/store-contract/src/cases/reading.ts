import assert from 'node:assert/strict';
import { isWeightsealError } from '@weightseal/core';
import {
  assertObject,
  assertRefused,
  assertSameBytes,
  bytesOf,
  call,
  inTime,
  newBytes,
  readRange,
} from '../check.js';
import type { Case } from '../types.js';

const SIZE = 100_000;
/** Above what sockets and libraries hold back. */
const LARGE = 8 * 1024 * 1024;

export const readingCases: readonly Case[] = [
  {
    title: 'its URI names a scheme and a place, and carries no credentials',
    async run({ store }) {
      assert.match(store.uri, /^[a-z][a-z0-9+.-]*:\/\/[^@?#\s]+[^@?#\s/]$/);
    },
  },
  {
    title: 'an object has its key, size and version, the same each time',
    async run({ store, at, place }) {
      const [key, bytes] = [`${at}object`, newBytes(SIZE)];
      await place(key, bytes);
      const object = await store.stat(key, call());
      assertObject(object, key, SIZE);
      const answer = await store.read(key, { offset: 0, length: SIZE }, call());
      assertSameBytes(await bytesOf(answer), bytes, 'the whole of it');
      assertObject(answer.object, key, SIZE);
      assert.equal(answer.object.version, object.version, 'a read tells another version');
      assert.equal((await store.stat(key, call())).version, object.version, 'its version changed by itself');
    },
  },
  {
    title: 'what is read is the range that was asked for',
    async run({ store, at, place }) {
      const [key, bytes] = [`${at}object`, newBytes(SIZE)];
      await place(key, bytes);
      const { version } = await store.stat(key, call());
      const ranges: readonly (readonly [string, number, number])[] = [
        ['the first byte', 0, 1],
        ['the last byte', SIZE - 1, 1],
        ['a byte within', 4711, 1],
        ['the beginning', 0, 1000],
        ['within', 1000, 50_000],
        ['to the end', 90_000, 10_000],
        ['over the end', 90_000, 20_000],
        ['far over the end', 0, 2 ** 40],
        ['all of it', 0, SIZE],
      ];
      for (const [what, offset, length] of ranges)
        for (const pin of [undefined, version])
          assertSameBytes(
            await readRange(store, key, offset, length, pin),
            bytes.subarray(offset, offset + length),
            what,
          );
    },
  },
  {
    title: 'a range beyond the end has no bytes, and tells the object',
    async run({ store, at, place }) {
      const key = `${at}object`;
      await place(key, newBytes(1000));
      const { version } = await store.stat(key, call());
      for (const offset of [1000, 1001, 2 ** 40]) {
        const answer = await store.read(key, { offset, length: 10, version }, call());
        assertObject(answer.object, key, 1000);
        assert.equal((await bytesOf(answer)).length, 0);
      }
    },
  },
  {
    title: 'an empty object has no bytes, and a version',
    async run({ store, at, place }) {
      const key = `${at}empty`;
      await place(key, new Uint8Array());
      const object = await store.stat(key, call());
      assertObject(object, key, 0);
      for (const version of [undefined, object.version]) {
        const answer = await store.read(key, { offset: 0, length: 1000, version }, call());
        assert.deepEqual({ ...answer.object }, { ...object });
        assert.equal((await bytesOf(answer)).length, 0);
      }
    },
  },
  {
    title: 'what is not there is INPUT_NOT_FOUND',
    async run({ store, at, place, patienceMs }) {
      await place(`${at}directory/object`, newBytes(10));
      for (const key of [
        `${at}missing`,
        `${at}directory`,
        `${at}directory/object/below`,
        `${at}directory/obj`,
      ]) {
        await assertRefused(store.stat(key, call()), `stat of ${key}`, patienceMs, 'INPUT_NOT_FOUND');
        const read = store.read(key, { offset: 0, length: 10 }, call());
        await assertRefused(read, `a read of ${key}`, patienceMs, 'INPUT_NOT_FOUND');
      }
    },
  },
  {
    title: 'bytes come in pieces as they arrive',
    async run({ store, at, place }) {
      const [key, bytes] = [`${at}large`, newBytes(LARGE)];
      await place(key, bytes);
      const { body } = await store.read(key, { offset: 0, length: LARGE }, call());
      const digest: Buffer[] = [];
      for await (const piece of body) {
        assert.ok(piece.length < LARGE, 'all came in one piece');
        digest.push(Buffer.from(piece));
        // They are the reader's until it asks for more.
        piece.fill(0);
      }
      assertSameBytes(Buffer.concat(digest), bytes, 'the pieces together');
    },
  },
  {
    title: 'a body that is left early gives its connection free',
    async run({ store, at, place, patienceMs }) {
      const [key, bytes] = [`${at}large`, newBytes(LARGE)];
      await place(key, bytes);
      const { version } = await store.stat(key, call());
      const before = sockets();
      const ask = () => store.read(key, { offset: 0, length: LARGE, version }, call());
      const leave = async () => {
        // A server may close a connection just when it is used again; core asks once more then, and so does this.
        const { body } = await ask().catch((error: unknown) => {
          if (isWeightsealError(error) && error.code === 'STORE_UNAVAILABLE') return ask();
          throw error;
        });
        for await (const piece of body) if (piece.length > 0) break;
      };
      for (let i = 0; i < ROUNDS; i++) await inTime(leave(), 'leaving a body', patienceMs);
      const left = sockets() - before;
      assert.ok(left < ROUNDS / 2, `${left} of ${ROUNDS} connections were left open`);
      assertSameBytes(await readRange(store, key, 0, LARGE, version), bytes, 'what is read afterwards');
    },
  },
  {
    title: '40 ranges read at once do not get mixed up',
    async run({ store, at, place }) {
      const keys = [`${at}one`, `${at}other`];
      const contents = keys.map(() => newBytes(1_000_000));
      for (const [i, key] of keys.entries()) await place(key, contents[i]!);
      await Promise.all(
        Array.from({ length: 40 }, async (_, i) => {
          const [from, to] = [i * 25_000, i * 25_000 + 25_000];
          const got = await readRange(store, keys[i % 2]!, from, to - from);
          assertSameBytes(got, contents[i % 2]!.subarray(from, to), `range ${i}`);
        }),
      );
    },
  },
];

const ROUNDS = 40;

/** Connections that keep this process alive; idle ones of a pool do not. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
}

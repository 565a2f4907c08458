import assert from 'node:assert/strict';
import type { ObjectStore, StoreCall } from '@weightseal/core';
import { call, newBytes, readRange, rejection } from '../check.js';
import type { Case } from '../types.js';

const LARGE = 8 * 1024 * 1024;
const ABORT_AFTER_MS = 20;
/** A person who pressed Ctrl-C takes this for at once; a machine that stalls is forgiven. */
const PROMPT_MS = 2000;

export const stoppingCases: readonly Case[] = [
  {
    title: 'a signal that has fired ends every call before it starts',
    async run({ store, at, place, patienceMs }) {
      const key = `${at}object`;
      await place(key, newBytes(1000));
      for (const [what, ask] of calls(store, key)) {
        const reason = new Error('the caller changed its mind');
        const error = await rejection(
          ask({ signal: AbortSignal.abort(reason) }),
          `${what}, aborted`,
          patienceMs,
        );
        assert.equal(error.code, 'ABORTED', `${what}, aborted, gave ${error.code}`);
        assert.ok(error.cause === reason, `${what}: the reason of the abort is not the cause of the error`);
      }
    },
  },
  {
    title: 'a signal that fires in the middle of a body ends it at once',
    async run({ store, at, place }) {
      const key = `${at}large`;
      await place(key, newBytes(LARGE));
      const controller = new AbortController();
      const reason = new Error('the caller changed its mind');
      const { body } = await store.read(key, { offset: 0, length: LARGE }, controller);
      let length = 0;
      const reading = async () => {
        for await (const piece of body) {
          length += piece.length;
          controller.abort(reason);
        }
      };
      const error = await rejection(reading(), 'a body, aborted', PROMPT_MS);
      assert.equal(error.code, 'ABORTED');
      assert.ok(error.cause === reason, 'the reason of the abort is not the cause of the error');
      assert.ok(length < LARGE, 'all of it came');
      assert.equal((await readRange(store, key, 0, LARGE)).length, LARGE);
    },
  },
  {
    title: 'a signal that fires while the store does not answer ends every call at once',
    needs: ['silent'],
    async run({ silent, at }) {
      for (const [what, ask] of calls(silent!, `${at}object`)) {
        const controller = new AbortController();
        const reason = new Error('the caller changed its mind');
        const timer = setTimeout(() => controller.abort(reason), ABORT_AFTER_MS);
        const error = await rejection(ask(controller), `${what}, aborted meanwhile`, PROMPT_MS);
        clearTimeout(timer);
        assert.equal(error.code, 'ABORTED', `${what}, aborted meanwhile, gave ${error.code}`);
        assert.ok(error.cause === reason, `${what}: the reason of the abort is not the cause of the error`);
      }
    },
  },
];

type Ask = (given: StoreCall) => Promise<unknown>;

/** Whatever the store has. */
export function calls(store: ObjectStore, key: string): readonly (readonly [string, Ask])[] {
  const { list, put, upload, unfinished, remove } = store;
  const found: (readonly [string, Ask])[] = [
    ['stat', (given) => store.stat(key, given)],
    ['read', (given) => store.read(key, { offset: 0, length: 10 }, given)],
  ];
  if (list) found.push(['list', (given) => first(store.list!(key, { oneLevel: false }, given))]);
  if (put) found.push(['put', (given) => store.put!(key, newBytes(10), {}, given)]);
  if (upload) found.push(['upload', (given) => begin(store, key, given)]);
  if (unfinished) found.push(['unfinished', (given) => first(store.unfinished!(key, given))]);
  if (remove) found.push(['remove', (given) => store.remove!(key, {}, given)]);
  return found;
}

async function first(all: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of all) return;
}

/** An upload need not ask anybody before its first part. */
async function begin(store: ObjectStore, key: string, given: StoreCall): Promise<void> {
  const upload = await store.upload!(key, {}, given);
  try {
    await upload.part({ index: 0, offset: 0, bytes: newBytes(10), last: true }, given);
  } finally {
    await upload.abort(given.signal.aborted ? given : call()).catch(() => {});
  }
}

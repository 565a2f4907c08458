import type { ErrorCode, ObjectStore } from '@weightseal/core';
import { assertRefused, call, newBytes } from '../check.js';
import type { Case } from '../types.js';
import { calls } from './stopping.js';

export const failureCases: readonly Case[] = [
  {
    title: 'somebody who may do nothing there is STORE_DENIED, whatever is asked',
    needs: ['denied'],
    async run({ denied, at, place, patienceMs }) {
      await place(`${at}object`, newBytes(10));
      await refusesAll(denied!, `${at}object`, patienceMs, 'STORE_DENIED');
    },
  },
  {
    title:
      'a bucket that does not exist is INPUT_NOT_FOUND, whatever is asked; to who would write it may be STORE_DENIED',
    needs: ['missing'],
    run: ({ missing, at, patienceMs }) => refusesAll(missing!, `${at}object`, patienceMs, 'INPUT_NOT_FOUND'),
  },
  {
    title: 'a server that is not there is STORE_UNAVAILABLE, whatever is asked',
    needs: ['unavailable'],
    run: ({ unavailable, at, patienceMs }) =>
      refusesAll(unavailable!, `${at}object`, patienceMs, 'STORE_UNAVAILABLE'),
  },
  {
    title: 'nothing of the credentials is in any error',
    needs: ['secrets'],
    async run({ store, denied, missing, unavailable, at, place, patienceMs }) {
      await place(`${at}object`, newBytes(10));
      for (const one of [denied, missing, unavailable])
        if (one) for (const [, ask] of calls(one, `${at}object`)) await ask(call()).catch(() => {});
      for (const [, ask] of calls(store, `${at}object`))
        await ask({ signal: AbortSignal.abort() }).catch(() => {});
      const missed = store.stat(`${at}nothing`, call());
      await assertRefused(missed, 'stat of what is not there', patienceMs, 'INPUT_NOT_FOUND');
    },
  },
];

const WRITES: readonly string[] = ['put', 'upload'];

async function refusesAll(
  store: ObjectStore,
  key: string,
  patienceMs: number,
  code: ErrorCode,
): Promise<void> {
  for (const [what, ask] of calls(store, key)) {
    const isMissing = code === 'INPUT_NOT_FOUND';
    // That something is not there is no error to whoever removes it.
    if (what === 'remove' && isMissing) continue;
    const codes: readonly ErrorCode[] = isMissing && WRITES.includes(what) ? [code, 'STORE_DENIED'] : [code];
    await assertRefused(ask(call()), what, patienceMs, ...codes);
  }
}

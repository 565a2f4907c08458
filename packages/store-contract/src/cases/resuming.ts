import assert from 'node:assert/strict';
import { isWeightsealError, type ObjectStore, type Upload } from '@weightseal/core';
import { assertHolds, assertRefused, call, newBytes } from '../check.js';
import type { Case } from '../types.js';
import { cut } from './uploading.js';

export const resumingCases: readonly Case[] = [
  {
    title: 'an upload that was cut off goes on by its ticket, with the parts that are there',
    needs: ['write', 'resume'],
    async run({ store, at, patienceMs }) {
      const key = `${at}object`;
      const { bytes, parts, partBytes } = await shaped(store, `${at}rules`);
      const size = bytes.length;
      const begun = await store.upload!(key, { size, condition: { ifAbsent: true } }, call());
      await begun.part(parts[0]!, call());
      await begun.part(parts[1]!, call());
      const ticket = ticketOf(begun);
      const upload = await resumed(store, key, { ticket, size, partBytes });
      assert.deepEqual(numbers(upload), [0, 1], 'it tells of other parts than were taken');
      assert.equal(typeof upload.copy, typeof begun.copy, 'it copies no parts, as it did when it began');
      await assertRefused(store.stat(key, call()), 'stat of what goes on', patienceMs, 'INPUT_NOT_FOUND');
      for (const one of parts.slice(2)) await upload.part(one, call());
      assert.equal((await upload.complete(call())).size, size);
      await assertHolds(store, key, bytes);
    },
  },
  {
    title: 'and once more, where all but the last has been taken, or nothing',
    needs: ['write', 'resume'],
    async run({ store, at }) {
      const { bytes, parts, partBytes } = await shaped(store, `${at}rules`);
      const size = bytes.length;
      for (const taken of [0, parts.length - 1, parts.length]) {
        const key = `${at}${taken}`;
        let upload = await store.upload!(key, { size }, call());
        for (const one of parts.slice(0, taken)) {
          await upload.part(one, call());
          upload = await resumed(store, key, { ticket: ticketOf(upload), size, partBytes });
        }
        const there = numbers(upload);
        const all = parts.slice(0, taken).map(({ index }) => index);
        // The end of a last part may be held back until all is complete.
        assert.ok(
          [all, all.slice(0, parts.length - 1)].some((one) => String(one) === String(there)),
          `it tells of ${there} where ${all} were taken`,
        );
        for (const one of parts) if (!there.includes(one.index)) await upload.part(one, call());
        await upload.complete(call());
        await assertHolds(store, key, bytes);
      }
    },
  },
  {
    title: 'what was given up, or is complete, is not gone on with',
    needs: ['write', 'resume'],
    async run({ store, at }) {
      const { bytes, parts, partBytes } = await shaped(store, `${at}rules`);
      const size = bytes.length;
      const [given, complete] = [`${at}given`, `${at}complete`];
      const first = await store.upload!(given, { size }, call());
      await first.part(parts[0]!, call());
      await first.abort(call());
      await assertOver(store, given, { ticket: ticketOf(first), size, partBytes }, [0]);
      const second = await store.upload!(complete, { size }, call());
      for (const one of parts) await second.part(one, call());
      const ticket = ticketOf(second);
      await second.complete(call());
      await assertOver(store, complete, { ticket, size, partBytes }, []);
      await assertHolds(store, complete, bytes);
    },
  },
  {
    title: 'a ticket is of one object and one upload, and one that nobody has given out of none',
    needs: ['write', 'resume'],
    async run({ store, at }) {
      const { bytes, parts, partBytes } = await shaped(store, `${at}rules`);
      const size = bytes.length;
      const uploads: Upload[] = [];
      for (let i = 0; i < 2; i++) uploads.push(await store.upload!(`${at}object`, { size }, call()));
      await uploads[0]!.part(parts[0]!, call());
      const other = await resumed(store, `${at}object`, { ticket: ticketOf(uploads[1]!), size, partBytes });
      assert.deepEqual(numbers(other), [], 'it has the parts of another upload');
      for (const ticket of ['', 'x', '../..', newBytes(16).toString()])
        await assertOver(store, `${at}object`, { ticket, size, partBytes }, []);
      for (const one of uploads) await one.abort(call());
    },
  },
  {
    title: 'the condition of an upload that goes on is heeded',
    needs: ['write', 'resume', 'uploadIfAbsent'],
    async run({ store, at, patienceMs }) {
      const key = `${at}object`;
      const { bytes, parts, partBytes } = await shaped(store, `${at}rules`);
      const condition = { ifAbsent: true } as const;
      const begun = await store.upload!(key, { size: bytes.length, condition }, call());
      await begun.part(parts[0]!, call());
      const before = newBytes(1000);
      await store.put!(key, before, {}, call());
      const lost = async () => {
        const upload = await resumed(
          store,
          key,
          { ticket: ticketOf(begun), size: bytes.length, partBytes },
          condition,
        );
        const there = numbers(upload);
        for (const one of parts) if (!there.includes(one.index)) await upload.part(one, call());
        await upload.complete(call());
      };
      // A store may have given it up for another write; then it is over.
      await assertRefused(lost(), 'its completion', patienceMs, 'OUTPUT_EXISTS', 'INPUT_NOT_FOUND');
      await assertHolds(store, key, before);
    },
  },
];

interface Of {
  readonly ticket: string;
  readonly size: number;
  readonly partBytes: number;
}

/** Four parts of one length, but the last. */
async function shaped(store: ObjectStore, key: string) {
  const begun = await store.upload!(key, {}, call());
  await begun.abort(call());
  const { bytes, parts } = cut(begun.rules, [1, 1, 1, 0]);
  return { bytes, parts, partBytes: parts[0]!.bytes.length };
}

function resumed(store: ObjectStore, key: string, of: Of, condition?: { readonly ifAbsent: true }) {
  return store.resume!(key, { ...of, condition }, call());
}

function ticketOf({ ticket }: Upload): string {
  assert.ok(typeof ticket === 'string' && ticket !== '', 'an upload has no ticket');
  return ticket;
}

function numbers({ taken }: Upload): number[] {
  return [...(taken ?? [])].sort((a, b) => a - b);
}

/** Refused, or, where a store keeps parts that nobody asks for, without any that were never sent. */
async function assertOver(store: ObjectStore, key: string, of: Of, sent: readonly number[]): Promise<void> {
  try {
    const there = numbers(await resumed(store, key, of));
    assert.ok(
      there.every((index) => sent.includes(index)),
      'it has parts that nobody has sent',
    );
  } catch (error) {
    if (!isWeightsealError(error)) throw error;
    assert.equal(error.code, 'INPUT_NOT_FOUND', `an upload that is over gave ${error.code}`);
  }
}

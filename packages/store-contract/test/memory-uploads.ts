import { randomUUID } from 'node:crypto';
import type { ErrorCode, ObjectStore, StoredObject, Upload, WriteCondition } from '@weightseal/core';
import type { Flaw, Memory } from './memory-store.js';

export interface Pending {
  readonly id: string;
  readonly key: string;
  readonly parts: Map<number, Uint8Array>;
}

interface Workings {
  readonly memory: Memory;
  readonly flaw: Flaw | undefined;
  readonly ask: (signal: AbortSignal) => Promise<void>;
  readonly fail: (code: ErrorCode, what: string) => Error;
  readonly find: (key: string) => { readonly bytes: Uint8Array; readonly version: string };
  readonly write: (key: string, bytes: Uint8Array) => StoredObject;
  readonly lost: (key: string, condition: WriteCondition | undefined) => Error | undefined;
}

export function memoryUploads(
  workings: Workings,
): Required<Pick<ObjectStore, 'upload' | 'resume' | 'unfinished'>> {
  const { memory, flaw, ask, fail, find, write, lost } = workings;
  const uploadOf = (pending: Pending, condition: WriteCondition | undefined): Upload => {
    const take = (index: number, bytes: Uint8Array) => {
      if (!memory.uploads.has(pending)) throw fail('STORE_RESPONSE_INVALID', 'There is no such upload.');
      const again = flaw === 'adds a part sent again' && pending.parts.has(index);
      const place = flaw === 'orders parts as they come' ? pending.parts.size : index;
      pending.parts.set(again ? index + 0.5 : place, Uint8Array.from(bytes));
      if (flaw === 'shows an upload before its end') write(pending.key, whole());
    };
    const whole = () => {
      const inOrder = [...pending.parts].sort(([a], [b]) => a - b);
      return Buffer.concat(inOrder.map(([, bytes]) => bytes));
    };
    return {
      ticket: pending.id,
      rules: { least: 1000, most: 1_000_000, multiple: 100, count: 100, anyOrder: true },
      async part({ index, bytes }, call) {
        await ask(call.signal);
        take(index, bytes);
      },
      async copy({ index, from, offset, length }, call) {
        await ask(call.signal);
        const { bytes, version } = find(from.key);
        if (version !== from.version && flaw !== 'copies whatever is there')
          throw fail('INPUT_CHANGED', 'Changed.');
        const start = flaw === 'copies from the beginning' ? 0 : offset;
        take(index, bytes.subarray(start, start + length));
      },
      async complete(call) {
        await ask(call.signal);
        if (!memory.uploads.has(pending)) throw fail('STORE_RESPONSE_INVALID', 'There is no such upload.');
        const refusal =
          flaw === 'ignores the condition of an upload' ? undefined : lost(pending.key, condition);
        if (refusal) throw refusal;
        if (flaw !== 'finds uploads that have ended') memory.uploads.delete(pending);
        return write(pending.key, whole());
      },
      async abort(call) {
        await ask(call.signal);
        if (flaw !== 'leaves what is given up') memory.uploads.delete(pending);
      },
    };
  };
  return {
    async upload(key, { condition }, { signal }) {
      await ask(signal);
      const pending: Pending = { id: randomUUID(), key, parts: new Map() };
      memory.uploads.add(pending);
      return uploadOf(pending, condition);
    },
    async resume(key, { condition, ticket, size, partBytes }, { signal }) {
      await ask(signal);
      const found = [...memory.uploads].find(
        ({ id, key: its }) => its === key && (id === ticket || flaw === 'resumes any upload'),
      );
      if (!found) throw fail('INPUT_NOT_FOUND', 'There is no such upload.');
      const taken = new Set<number>();
      for (const [index, { length }] of found.parts)
        if (length === Math.min(partBytes, size - index * partBytes)) taken.add(index);
      if (flaw === 'tells of parts that are not there') taken.add(taken.size);
      if (flaw === 'tells of no parts') taken.clear();
      if (flaw === 'forgets parts when it goes on') found.parts.clear();
      const kept = flaw === 'forgets the condition when it goes on' ? undefined : condition;
      const { copy, ...upload } = uploadOf(found, kept);
      if (!copy || flaw === 'copies no parts when it goes on') return { ...upload, taken };
      return { ...upload, copy, taken };
    },
    async *unfinished(prefix, { signal }) {
      await ask(signal);
      if (flaw === 'forgets uploads') return;
      for (const pending of memory.uploads)
        if (pending.key.startsWith(prefix))
          yield {
            key: pending.key,
            started: '2026-11-28T00:00:00Z',
            abort: async () => {
              memory.uploads.delete(pending);
            },
          };
    },
  };
}

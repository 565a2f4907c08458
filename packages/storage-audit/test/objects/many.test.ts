import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Listed, type ObjectStore, WeightsealError } from '@weightseal/core';
import { type AuditedObject, auditObjects } from '@weightseal/storage-audit';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MemoryStore } from '../../../core/test/store/support/memory-store.js';
import { safetensors } from './weights.js';

const COUNT = 20_000;
const MODEL = safetensors();
const nameOf = (index: number) => `models/${String(index).padStart(6, '0')}.safetensors`;
const objectOf = (index: number) => ({ key: nameOf(index), size: 50_000, version: '1' });

/** So many objects, none of which is held: each is made when it is asked for. */
class Endless implements ObjectStore {
  readonly uri = 'memory://many';
  listed = 0;
  read: ObjectStore['read'] = async (key, { offset, length }) => ({
    object: objectOf(Number(key.slice(7, 13))),
    body: (async function* () {
      const bytes = new Uint8Array(length);
      bytes.set(MODEL.subarray(offset, offset + length));
      yield bytes;
    })(),
  });

  stat: ObjectStore['stat'] = (key) =>
    Promise.reject(new WeightsealError('INPUT_NOT_FOUND', `There is no ${key}.`));

  async *list(prefix: string, { oneLevel }: { readonly oneLevel: boolean }): AsyncGenerator<Listed> {
    if (prefix === '' && oneLevel) return yield { prefix: 'models/' };
    for (let index = 0; index < COUNT; index++) {
      this.listed = index + 1;
      yield objectOf(index);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

it(`${COUNT} objects are looked at in the same memory as 5,000, and few ahead of whoever takes them`, async () => {
  const store = new Endless();
  const heap: number[] = [];
  let [count, most] = [0, 0];
  for await (const { kind, findings } of auditObjects({ store, key: '' })) {
    if (kind !== 'weights' || findings.length !== 1) throw new Error(`the ${count}th is ${kind}`);
    count++;
    most = Math.max(most, store.listed - count);
    if (count % 5000 !== 0) continue;
    collect();
    heap.push(process.memoryUsage().heapUsed);
  }
  expect(count).toBe(COUNT);
  // A page of a listing, and those that are under way.
  expect(most).toBeLessThanOrEqual(256 + 2 * 32);
  expect(heap.at(-1)! - heap[0]!).toBeLessThan(4 * 2 ** 20);
});

const namesIn = async (store: MemoryStore, sample?: number) => {
  const found: AuditedObject[] = await Array.fromAsync(auditObjects({ store, key: '' }, { sample }));
  return found.map(({ path }) => path);
};

it('a sample has its share, and is the same each time', async () => {
  const store = new MemoryStore();
  for (let index = 0; index < 2000; index++) store.set(nameOf(index), MODEL);
  const tenth = await namesIn(store, 0.1);
  expect(tenth.length).toBeGreaterThan(140);
  expect(tenth.length).toBeLessThan(260);
  expect(await namesIn(store, 0.1)).toEqual(tenth);
});

it('property: a smaller sample is part of a larger one, whatever else lies there', async () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}(?:\/[a-z]{1,6})?$/), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(
      names,
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      async (all, a, b) => {
        const store = new MemoryStore();
        for (const name of all) store.set(name, MODEL);
        const [few, more] = [await namesIn(store, Math.min(a, b)), await namesIn(store, Math.max(a, b))];
        expect(few.filter((name) => !more.includes(name))).toEqual([]);
        expect((await namesIn(store)).toSorted()).toEqual(all.toSorted());
        for (const name of all.filter((_, index) => index % 2 === 1)) store.objects.delete(name);
        const kept = await namesIn(store, Math.max(a, b));
        expect(kept).toEqual(more.filter((name) => store.objects.has(name)));
      },
    ),
    { numRuns: 40 },
  );
});

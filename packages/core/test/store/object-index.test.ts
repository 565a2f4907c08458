import fc from 'fast-check';
import { expect, it } from 'vitest';
import { indexAll } from '../../src/store/list-all.js';
import { ObjectIndex } from '../../src/store/object-index.js';
import { MemoryStore } from './support/memory-store.js';

const name = fc.oneof(
  fc.string({ maxLength: 40, unit: 'grapheme' }),
  fc.constantFrom('a', 'a/b', 'a-b', 'é', '\u{1f600}', ''),
);
const object = fc.record({ size: fc.maxSafeNat(), version: fc.string({ minLength: 1, maxLength: 60 }) });

it('an index finds what a map of the same objects finds, whatever the order in which they come', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(name, object), { selector: ([one]) => one, maxLength: 200 }),
      fc.array(name),
      (objects, others) => {
        const index = new ObjectIndex();
        for (const [at, it] of objects) index.add(at, it);
        const map = new Map(objects);
        expect(index.count).toBe(map.size);
        expect([...index]).toEqual(objects);
        for (const one of [...map.keys(), ...others]) expect(index.get(one)).toEqual(map.get(one));
      },
    ),
  );
});

it('and has room for many', () => {
  const index = new ObjectIndex();
  const key = (n: number) => `model-${n.toString(36).padStart(5, '0')}/tensor.bin.sealed`;
  for (let n = 0; n < 30_000; n++) index.add(key(n), { size: n, version: `"${n}"` });
  for (const n of [0, 1, 511, 512, 29_999]) expect(index.get(key(n))).toEqual({ size: n, version: `"${n}"` });
  expect(index.get(key(30_000))).toBeUndefined();
});

it('what is below a place is indexed by the names there', async () => {
  const store = new MemoryStore({ page: 2 });
  for (const key of ['m/a', 'm/b/c', 'm', 'mm/a', 'm/d']) store.set(key, new Uint8Array(key.length));
  const index = await indexAll({ store, key: 'm' }, undefined);
  expect([...index!].map(([at, { size }]) => [at, size])).toEqual([
    ['a', 3],
    ['b/c', 5],
    ['d', 3],
  ]);
});

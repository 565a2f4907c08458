import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { copyChecked } from '@weightseal/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MemoryStore } from '../store/support/memory-store.js';
import { pattern } from '../support/sealed.js';
import { temporary } from '../support/temporary.js';

const temp = await temporary();
const bytes = pattern(623_456);
const digestFrom = (offset: number) => createHash('sha256').update(bytes.subarray(offset)).digest('hex');

/** A place whose ranges come in whatever order these numbers say. */
function placed(order: readonly number[], requestBytes: number) {
  const store = new MemoryStore();
  store.set('m', bytes);
  let count = 0;
  store.fault = ({ method }) => {
    const turns = order[count++ % order.length]!;
    const late = async () => {
      for (let turn = 0; turn < turns; turn++) await setImmediate();
    };
    return method === 'read' ? { after: late() } : undefined;
  };
  return { store, key: 'm', tuning: { requestBytes, attempts: 1 } };
}

const places = fc.record({
  order: fc.array(fc.nat(20), { minLength: 1, maxLength: 12 }),
  requestBytes: fc.integer({ min: 40_000, max: 700_000 }),
  offset: fc.integer({ min: 0, max: bytes.length }),
});

it('a file is what was expected from a place in it on, in whatever order its stretches come', async () => {
  await fc.assert(
    fc.asyncProperty(places, async ({ order, requestBytes, offset }) => {
      const to = temp.path('m');
      const expected = { sha256: digestFrom(offset), offset };
      const onOther = () => expect.unreachable();
      await copyChecked(
        placed(order, requestBytes),
        to,
        { expected: () => expected, onOther },
        { any: true },
      );
      expect(Buffer.compare(await readFile(to), bytes)).toBe(0);
    }),
    { numRuns: 25 },
  );
});

it('what is something else is told, comes again, and gets no name', async () => {
  await fc.assert(
    fc.asyncProperty(places, async ({ order, requestBytes, offset }) => {
      const to = temp.path('m');
      const expected = {
        sha256: digestFrom(offset).replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
        offset,
      };
      let others = 0;
      const onOther = (path: string, mixed: boolean) => {
        expect([path, mixed]).toEqual(['', false]);
        if (++others === 2) throw new Error('given up');
      };
      const checks = { expected: () => expected, onOther };
      await expect(copyChecked(placed(order, requestBytes), to, checks, { any: true })).rejects.toThrow(
        'given up',
      );
      expect(existsSync(to)).toBe(false);
    }),
    { numRuns: 10 },
  );
});

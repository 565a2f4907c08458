import { ObjectSource } from '@weightseal/core';
import { expect, it } from 'vitest';
import { pattern } from '../support/sealed.js';
import { MemoryStore } from './support/memory-store.js';

it('many reads at once are no reason for Node to warn of', async () => {
  const warnings: string[] = [];
  const onWarning = ({ name }: Error) => warnings.push(name);
  process.on('warning', onWarning);
  const store = new MemoryStore({ pieceBytes: 10_000 });
  const bytes = pattern(300_000);
  store.set('object', bytes);
  await using source = await ObjectSource.open({ store, key: 'object' });
  await Promise.all(Array.from({ length: 40 }, () => source.read(100_000, 50_000)));
  // Warnings come one turn later.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});

import { sealBundle, sweepBundle, verifyBundle } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { MemoryKey } from '../support/memory-key.js';
import { temporary } from '../support/temporary.js';
import { codeOf, model, namesIn, placeIn } from './support/bundles.js';
import type { MemoryStore } from './support/memory-store.js';

const files = await temporary();
const keys = [new MemoryKey('a')];
const source = await model(files);

/** Before the first request that is one of these. */
function before(
  store: MemoryStore,
  one: (method: string, key: string) => boolean,
  work: () => unknown,
): void {
  let done = false;
  store.fault = ({ method, key }) => {
    if (done || !one(method, key)) return undefined;
    done = true;
    return { after: Promise.resolve(work()) };
  };
}

describe('a seal whose mark was swept, and whose prefix is another’s by then', () => {
  const METHODS = ['put model', 'put weightseal.table', 'stat weightseal.sealing'];
  it.each(METHODS)('leaves the other’s bundle as it is: before %s', async (at) => {
    const to = placeIn();
    let rival: string | undefined = 'none';
    const sweepAndSeal = async () => {
      await sweepBundle(to, { minAgeMs: 0 });
      rival = await codeOf(sealBundle(source, to, { keys }));
    };
    before(to.store, (method, key) => `${method} ${key.slice(9)}`.startsWith(at), sweepAndSeal);
    const code = await codeOf(sealBundle(source, to, { keys }));
    expect(['INPUT_CHANGED', 'OUTPUT_EXISTS']).toContain(code);
    // What of the first one was on its way may have come between: then there is neither.
    if (rival === 'OUTPUT_EXISTS') expect(namesIn(to)).toEqual([]);
    else {
      expect(rival).toBeUndefined();
      expect(await verifyBundle(to, { keys })).toMatchObject({ digestVerified: true });
      expect(namesIn(to)).not.toContain('weightseal.sealing');
    }
  });
});

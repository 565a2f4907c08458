import { mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { withManifest } from '../test/support/temporary.js';
import { Script, Workplace } from './support/harness.js';

const MIB = 1_048_576;

test.skipIf(process.platform !== 'linux')(
  'a process keeps no descriptor and no thread (on Linux)',
  { timeout: 120_000 },
  async () => {
    using place = new Workplace(500 * MIB);
    const directory = place.at('many');
    mkdirSync(directory);
    await using script = new Script('many', { directory, rounds: 8 });
    const told = await script.result<{
      done: number;
      wrong: string[];
      left: string[];
      before: { descriptors: number; threads: number };
      after: { descriptors: number; threads: number };
    }>();
    expect(told.done).toBeGreaterThan(200);
    expect(told.wrong).toEqual([]);
    expect(told.left.sort()).toEqual([
      ...['changed', 'cut', 'no-sealed', 'opened', ...withManifest('out')],
      ...['plain', ...withManifest('sealed')],
    ]);
    expect(told.after.descriptors, JSON.stringify(told)).toBeLessThanOrEqual(told.before.descriptors);
    // The pool is started before the first count, and libuv's own threads may be.
    expect(told.after.threads, JSON.stringify(told)).toBeLessThanOrEqual(told.before.threads + 4);
  },
);

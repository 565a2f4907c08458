import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ReleaseJudge, sealBundle, sealToFile, WeightsealError } from '@weightseal/core';
import { load, openSafetensors, run } from '@weightseal/loader';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import { safetensors } from './support/safetensors.js';

const context = { model: 'tiny' };
const key = new MemoryKey();
let directory: string;
let places: readonly string[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weightseal-trust-'));
  const bytes = safetensors([{ name: 'w', dtype: 'U8', shape: [4], bytes: Buffer.from('data') }]);
  const [plain, file, bundle] = ['plain', 'model.safetensors.sealed', 'bundle'].map((name) =>
    join(directory, name),
  );
  await mkdir(plain!);
  await writeFile(join(plain!, 'model.safetensors'), bytes);
  await sealToFile(join(plain!, 'model.safetensors'), file!, { keys: [key], context });
  await sealBundle(plain!, bundle!, { keys: [key], context });
  places = [file!, bundle!];
});
beforeEach(() => {
  key.unwraps = 0;
});
afterAll(() => rm(directory, { recursive: true }));

describe.runIf(process.platform === 'linux')('what judges releases (on Linux)', () => {
  const calls: [string, (at: string, trust: ReleaseJudge) => Promise<unknown>][] = [
    [
      'load',
      async (at, trust) => {
        await using _loaded = await load(at, { keys: [key], trust });
      },
    ],
    ['run', (at, trust) => run(at, { keys: [key], trust, command: ['true'] })],
    [
      'openSafetensors',
      async (at, trust) => {
        await using _tensors = await openSafetensors(at, { keys: [key], trust });
      },
    ],
  ];

  test.each(calls)('%s asks it before any key, of files and of bundles', async (_, call) => {
    for (const at of places) {
      const judged: unknown[] = [];
      const trust: ReleaseJudge = {
        judge: async ({ kind, context, name }) => {
          judged.push([kind, context, name, key.unwraps]);
          throw new WeightsealError('SIGNER_UNTRUSTED', 'Nobody is trusted.');
        },
      };
      await expect(call(at, trust)).rejects.toMatchObject({ code: 'SIGNER_UNTRUSTED' });
      const kind = at.endsWith('bundle') ? 'bundle' : 'file';
      expect(judged).toEqual([[kind, context, at, 0]]);
      expect(key.unwraps).toBe(0);
      await call(at, { judge: async () => {} });
      expect(key.unwraps).toBe(1);
      key.unwraps = 0;
    }
  });
});

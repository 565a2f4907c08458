import { mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectBundle, sealBundle } from '@weightseal/core';
import { describe, expect, test } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import { temporary } from './support/temporary.js';

const files = await temporary();
const keys = [new MemoryKey('inspect')];

describe('without a key a bundle shows', () => {
  test('its files and their sizes, and what all of it takes: as much as the seal said', async () => {
    const source = await files.directory();
    await mkdir(join(source, 'deep/er'), { recursive: true });
    await writeFile(join(source, 'deep/er/weights.bin'), Buffer.alloc(3_000_000));
    await writeFile(join(source, 'config.json'), '{}');
    await writeFile(join(source, 'empty'), '');
    const bundle = files.path('b.sealed');
    const { sealedSize } = await sealBundle(source, bundle, { keys, public: ['*.json'] });
    const inspection = await inspectBundle(bundle);
    expect(inspection.sealedSize).toBe(sealedSize);
    expect(inspection.files.map(({ path }) => path)).toEqual([
      'config.json',
      'deep/er/weights.bin.sealed',
      'empty.sealed',
    ]);
    for (const { path, sealedSize: size } of inspection.files)
      expect((await stat(join(bundle, path))).size, path).toBe(size);
  });

  test('what was put there besides, but for locks; links are not followed, nothing is opened', async () => {
    const source = await files.directory();
    await writeFile(join(source, 'a'), 'a');
    const bundle = files.path('b.sealed');
    await sealBundle(source, bundle, { keys });
    const { sealedSize } = await inspectBundle(bundle);
    await writeFile(join(bundle, 'README'), 'four');
    await writeFile(join(bundle, '.0123.weightseal-lock'), 'x');
    await symlink('/', join(bundle, 'root'));
    await mkdir(join(bundle, 'below'));
    if (process.platform === 'linux')
      await writeFile(Buffer.concat([Buffer.from(`${bundle}/below/`), Buffer.of(0x61, 0xff)]), 'two');
    const { files: found, sealedSize: more } = await inspectBundle(bundle);
    const strange = process.platform === 'linux' ? ['below/a\ufffd'] : [];
    expect(found.map(({ path }) => path)).toEqual(['README', 'a.sealed', ...strange, 'root']);
    expect(more - sealedSize).toBe(4 + 1 + 3 * strange.length);
    expect(await readdir(bundle)).toContain('root');
  });

  test('nothing once it is told to stop', async () => {
    const source = await files.directory();
    await writeFile(join(source, 'a'), 'a');
    const bundle = files.path('b.sealed');
    await sealBundle(source, bundle, { keys });
    await expect(inspectBundle(bundle, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    });
  });
});

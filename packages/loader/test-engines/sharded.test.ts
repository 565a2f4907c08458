// A model in shards that safetensors wrote, one tensor at a time out of a bundle: as safetensors reads them from the plain files.
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sealBundle } from '@weightseal/core';
import { createLocalKey, generateKeyFile } from '@weightseal/kms-local';
import { openSafetensors } from '@weightseal/loader';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answer, made, python, pythonic } from './support.ts';

type Read = Record<string, [dtype: string, shape: number[], digest: string, shard: string]>;

describe.skipIf(!python)('a sharded model (skipped: without Python, by .ci/engines.mjs)', () => {
  let folder: string;
  let expected: Read;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weightseal-sharded-'));
    await answer([python!, made('make-llama.py'), join(folder, 'llama'), join(folder, 'adapter')]);
    expected = (await answer(pythonic('safetensors_digests.py', join(folder, 'llama')))) as Read;
    await generateKeyFile(join(folder, 'key'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('gives by its index the tensors that safetensors gives', async () => {
    const keys = [createLocalKey({ path: join(folder, 'key') })];
    const sealed = join(folder, 'llama.sealed');
    await sealBundle(join(folder, 'llama'), sealed, { keys });
    await using file = await openSafetensors(sealed, { keys });
    expect([...file.names].sort()).toEqual(Object.keys(expected).sort());
    const total = [...(await file.tensors()).values()];
    expect(file.metadata).toEqual({
      total_size: String(total.reduce((sum, { byteLength }) => sum + byteLength, 0)),
    });
    for (const [name, [dtype, shape, digest, member]] of Object.entries(expected)) {
      const read = await file.tensor(name);
      expect([read.dtype, read.shape]).toEqual([{ float32: 'F32' }[dtype], shape]);
      expect(createHash('sha256').update(read.bytes).digest('hex'), name).toBe(digest);
      expect((await file.info(name)).member).toBe(member);
    }
  });

  test('gives those of an adapter without an index', async () => {
    const keys = [createLocalKey({ path: join(folder, 'key') })];
    const read = (await answer(pythonic('safetensors_digests.py', join(folder, 'adapter')))) as Read;
    await sealBundle(join(folder, 'adapter'), join(folder, 'adapter.sealed'), { keys });
    await using file = await openSafetensors(join(folder, 'adapter.sealed'), { keys });
    expect([...file.names].sort()).toEqual(Object.keys(read).sort());
    for (const name of file.names)
      expect(
        createHash('sha256')
          .update(await file.bytes(name))
          .digest('hex'),
      ).toBe(read[name]![2]);
  });
});

import { readdirSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sealBundle } from '@weightseal/core';
import { load, run } from '@weightseal/loader';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import { bytesOf } from './support/plain-bundle.js';
import { type SealedDirectory, sealedBundle, writePlain } from './support/sealed-bundle.js';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const context = { model: 'tiny' };
let bundle: SealedDirectory & AsyncDisposable;
beforeAll(async () => {
  bundle = await sealedBundle({ context });
});
afterAll(() => bundle[Symbol.asyncDispose]());

function ours(): string[] {
  return readdirSync('/dev/shm').filter((name) => new RegExp(`^weightseal-\\d+-${process.pid}-`).test(name));
}
const options = () => ({ keys: bundle.keys, context });

describe.runIf(process.platform === 'linux')('a sealed bundle (on Linux)', () => {
  test('becomes the directory that was sealed, and says what it is', async () => {
    await using loaded = await load(pathToFileURL(bundle.path), options());
    for (const [path, what] of Object.entries(bundle.contents)) {
      if (what === null || 'to' in what) continue;
      expect(Buffer.compare(await readFile(join(loaded.path, path)), bytesOf(what))).toBe(0);
    }
    const members = Object.keys(bundle.contents).length;
    expect(loaded.opened).toMatchObject({
      name: 'tiny-model',
      members,
      context,
      extra: [],
      digestVerified: false,
    });
    expect(loaded).toMatchObject({ context, digest: undefined });
    expect(loaded.size).toBe(
      Object.values(bundle.contents).reduce(
        (sum, what) => sum + (what === null || 'to' in what ? 0 : bytesOf(what).length),
        0,
      ),
    );
  });

  test('takes one call to a key, however many members it has', async () => {
    await using one = await sealedBundle();
    const key = new MemoryKey();
    const plain = join(one.directory, 'plain');
    await writePlain(plain, one.contents);
    await sealBundle(plain, join(one.directory, 'b'), { keys: [key] });
    // A seal has what was wrapped unwrapped once.
    key.unwraps = 0;
    await using loaded = await load(join(one.directory, 'b'), { keys: [key], digest: true });
    expect([key.unwraps, loaded.opened.digestVerified]).toEqual([1, true]);
    await expect(load(join(one.directory, 'b'), { keys: [key], context: { other: 'x' } })).rejects.toEqual(
      code('CONTEXT_MISMATCH'),
    );
    expect(key.unwraps).toBe(1);
  });

  test('a part of it is that part, with the directories above', async () => {
    const only = ['model-00002*', 'onnx/weights/*'];
    await using loaded = await load(bundle.path, { ...options(), only });
    expect(readdirSync(loaded.path, { recursive: true }).map(String).sort()).toEqual([
      'model-00002-of-00002.safetensors',
      'onnx',
      'onnx/weights',
      'onnx/weights/模型 [1].bin',
    ]);
    expect(loaded.size).toBe(110_000);
    await expect(load(bundle.path, { ...options(), only: ['absent*'] })).rejects.toEqual(
      code('MEMBER_NOT_FOUND'),
    );
    expect(ours()).toEqual([]);
  });

  test.each(['own', 'existing'] as const)(
    'nothing is left of one whose shard was changed: %s',
    async (where) => {
      await using one = await sealedBundle();
      const shard = join(one.path, 'model-00001-of-00002.safetensors.sealed');
      const bytes = await readFile(shard);
      bytes[2_000_000]! ^= 1;
      await writeFile(shard, bytes);
      await expect(load(one.path, { keys: one.keys, where })).rejects.toEqual(code('MEMBER_TAMPERED'));
      await expect(
        run(one.path, { keys: one.keys, where, command: ['touch', join(one.directory, 'began')] }),
      ).rejects.toEqual(code('MEMBER_TAMPERED'));
      expect(readdirSync(one.directory).sort()).toEqual(['key', 'tiny-model.sealed']);
      await rename(shard, `${shard}.away`);
      await expect(load(one.path, { keys: one.keys, where })).rejects.toEqual(code('MEMBER_EXTRA'));
      const allowExtra = ['*.away'];
      await expect(load(one.path, { keys: one.keys, where, allowExtra })).rejects.toEqual(
        code('MEMBER_MISSING'),
      );
      // What is not wanted need not be there.
      await using loaded = await load(one.path, { keys: one.keys, where, allowExtra, only: ['config.json'] });
      expect(loaded.opened.extra).toEqual(['model-00001-of-00002.safetensors.sealed.away']);
      expect(ours().length).toBe(where === 'existing' ? 1 : 0);
    },
  );

  test('a bundle that was moved, or cannot be read by now, has its code', async () => {
    await expect(load(bundle.directory, options())).rejects.toEqual(code('NOT_SEALED'));
    await expect(load(`${bundle.path}-none`, options())).rejects.toEqual(code('INPUT_NOT_FOUND'));
  });

  test('what only bundles have is refused for a file, before a key is asked', async () => {
    const { sealedModel } = await import('./support/sealed-model.js');
    await using file = await sealedModel(10);
    for (const more of [{ only: ['x'] }, { allowExtra: true }]) {
      await expect(load(file.path, { keys: file.keys, ...more })).rejects.toEqual(code('INVALID_ARGUMENT'));
      await expect(run(file.path, { keys: file.keys, command: ['true'], ...more })).rejects.toEqual(
        code('INVALID_ARGUMENT'),
      );
    }
    const loaded = await load(file.path, { keys: file.keys });
    await expect(loaded.bytes('x')).rejects.toEqual(code('INVALID_ARGUMENT'));
    await expect(loaded.release('x')).rejects.toEqual(code('INVALID_ARGUMENT'));
    expect(await loaded.dispose()).toBe('wiped');
  });

  test('the memory that its files take is counted in pages, and refused before anything is there', async () => {
    const wanted = load(bundle.path, { ...options(), memoryAllowance: 2 ** 50 });
    await expect(wanted).rejects.toEqual(code('MEMORY_LIMIT'));
    expect(ours()).toEqual([]);
  });

  test.each([{ uid: -1 }, { uid: 0.5 }, { uid: 1, gid: 2 ** 32 - 1 }, { uid: 2 ** 32 - 1 }])(
    'an owner %j is none',
    async (owner) => {
      await expect(load(bundle.path, { ...options(), owner })).rejects.toEqual(code('INVALID_ARGUMENT'));
    },
  );

  test('its digests are compared where that is asked, also by run', async () => {
    const ran = await run(bundle.path, { ...options(), digest: true, command: ['true'] });
    expect(ran).toMatchObject({ exitCode: 0, digestVerified: true, released: 'wiped', name: 'tiny-model' });
  });
});

import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bufferSource,
  copySealed,
  inspect,
  type ObjectStore,
  ObjectWriter,
  reseal,
  rewrap,
  sealToFile,
  sweepUploads,
  type Upload,
  verify,
} from '@weightseal/core';
import { createLocalKey, generateKeyFile } from '@weightseal/kms-local';
import { afterAll, describe, expect, it } from 'vitest';
import { SERVERS, s3Options } from './servers.js';

const MIB = 1_048_576;
const SIZE = 24 * MIB + 4321;
const call = { signal: new AbortController().signal };
const FORGETS = ' (skipped: the store forgets uploads by itself)';
const ALL = { olderThan: new Date(Date.now() + 86_400_000) };

const scratch = await mkdtemp(join(tmpdir(), 'weightseal-stores-'));
afterAll(() => rm(scratch, { recursive: true }));
async function newKey() {
  const path = join(scratch, randomUUID());
  await generateKeyFile(path);
  return createLocalKey({ path });
}
const [key, other, third] = [await newKey(), await newKey(), await newKey()];
const keys = [key];

describe.each(SERVERS)('what is sealed on $name, skipped unless $variable is its URL', (server) => {
  const { variable, copies, digest, atomic, tells, resumes } = server;
  const url = process.env[variable] ?? '';
  const plaintext = new Uint8Array(randomBytes(SIZE));
  let opened: Promise<ObjectStore> | undefined;
  const place = async () => {
    opened ??= server.store(url);
    return { store: await opened, key: `sealed/${randomUUID()}`, tuning: { partBytes: 6 * MIB } };
  };
  afterAll(async () => (await opened)?.close());

  it.skipIf(!url)('opens from there, and is not written over', async () => {
    const at = await place();
    await sealToFile(bufferSource(plaintext), at, { keys });
    expect(await verify(at, { keys })).toMatchObject({ size: SIZE, digestVerified: digest });
    await expect(sealToFile(bufferSource(plaintext), at, { keys })).rejects.toMatchObject({
      code: 'OUTPUT_EXISTS',
    });
    expect((await inspect(at)).generation).toBe(1);
  });

  it.skipIf(!url)('gets other recipients', async () => {
    for (const size of [1000, SIZE]) {
      const at = await place();
      await sealToFile(bufferSource(plaintext.subarray(0, size)), at, { keys });
      const done = await rewrap(at, { keys, add: [other] });
      if (copies && size === SIZE) {
        expect(done.copied).toBeGreaterThan(18 * MIB);
        expect(done.read! + done.written!).toBeLessThan(12 * MIB);
      }
      expect(await verify(at, { keys: [other], strict: true })).toMatchObject({ size });
    }
  });

  it.skipIf(!url)('gets another data key, in its place and elsewhere', async () => {
    const at = await place();
    await sealToFile(bufferSource(plaintext), at, { keys });
    const { id } = await reseal(at, { keys, add: [third] });
    expect(await verify(at, { keys: [third] })).toMatchObject({ id, size: SIZE });
    const copy = { ...at, key: `${at.key}-copy` };
    await reseal(at, { keys: [key, third], output: copy });
    expect(await verify(copy, { keys })).toMatchObject({ size: SIZE });
  });

  it.skipIf(!url || atomic !== true)(
    `gets those of one of two who change them at once${atomic === true ? '' : ` (skipped: ${atomic})`}`,
    async () => {
      for (const size of [1000, SIZE]) {
        const at = await place();
        await sealToFile(bufferSource(plaintext.subarray(0, size)), at, { keys });
        const both = await Promise.allSettled([other, third].map((one) => rewrap(at, { keys, add: [one] })));
        expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
        expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
          reason: { code: 'INPUT_CHANGED' },
        });
        expect((await inspect(at)).recipients).toHaveLength(2);
      }
    },
  );

  it.skipIf(!url || !resumes)(
    `goes on where a copy of it was killed${resumes ? '' : ' (skipped: it does not say what it has)'}`,
    async () => {
      const at = await place();
      const path = join(scratch, randomUUID());
      await sealToFile(bufferSource(plaintext), path, { keys });
      const state = join(scratch, randomUUID());
      const script = join(import.meta.dirname, 'killed-copy.mjs');
      const child = spawn(process.execPath, [script, server.name, url, path, at.key], {
        env: { ...process.env, XDG_STATE_HOME: state },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      // Says so after the second of five parts, and gets no further.
      await once(child.stdout, 'data');
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await expect(at.store.stat(at.key, call)).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
      process.env['XDG_STATE_HOME'] = state;
      const { store, parts } = counting(at.store);
      await copySealed(path, { ...at, store });
      expect(parts).toEqual([2, 3, 4]);
      expect(await verify(at, { keys })).toMatchObject({ size: SIZE });
    },
  );

  it.skipIf(!url || !tells)(
    `leaves parts when its writer is killed, which are swept${tells ? '' : FORGETS}`,
    async () => {
      const at = await place();
      const options = JSON.stringify(s3Options(url, server.name === 'SeaweedFS' ? 'admin' : undefined));
      const script = join(import.meta.dirname, 'killed-writer.mjs');
      const child = spawn(process.execPath, [script, options, at.key], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let parts = 0;
      for await (const said of child.stdout) {
        parts += (said as Buffer).length;
        if (parts > 20) break;
      }
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await expect(at.store.stat(at.key, call)).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
      // moto's uploads have all begun in 2010.
      if (server.name !== 'moto') expect(await sweepUploads(at)).toMatchObject([{ removed: false }]);
      expect(await sweepUploads(at, ALL)).toMatchObject([{ removed: true }]);
      expect(await sweepUploads(at, ALL)).toEqual([]);
    },
  );

  it.skipIf(!url || !tells)(
    `fails when its upload is swept, and is not there${tells ? '' : FORGETS}`,
    async () => {
      const at = await place();
      await using writer = await ObjectWriter.create(at);
      await writer.write(new Uint8Array(13 * MIB));
      await sweepUploads(at, ALL);
      await expect(writer.complete()).rejects.toThrow();
      await expect(at.store.stat(at.key, call)).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
    },
  );
});

/** The store, and the numbers of the parts that are sent to it. */
function counting(store: ObjectStore): { readonly store: ObjectStore; readonly parts: number[] } {
  const parts: number[] = [];
  const counted = async (begun: Promise<Upload>): Promise<Upload> => {
    const upload = await begun;
    const part: Upload['part'] = (one, its) => {
      parts.push(one.index);
      return upload.part(one, its);
    };
    return new Proxy(upload, {
      get: (target, name) => (name === 'part' ? part : bound(target, name)),
    });
  };
  const proxy = new Proxy(store, {
    get(target, name) {
      if (name === 'upload') return (...of: [never, never, never]) => counted(target.upload!(...of));
      if (name === 'resume') return (...of: [never, never, never]) => counted(target.resume!(...of));
      return bound(target, name);
    },
  });
  return { store: proxy, parts };
}

function bound(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === 'function' ? value.bind(target) : value;
}

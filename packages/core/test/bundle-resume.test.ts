import {
  link,
  lstat,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBundle, sealBundle, verifyBundle } from '@weightseal/core';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { copyOf, treeOf, writeTree } from './support/bundles.js';
import { MemoryKey } from './support/memory-key.js';
import { code, pattern } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const files = await temporary();
const keys = [new MemoryKey('bundles')];
const state = await mkdtemp(join(tmpdir(), 'weightseal-state-'));
afterAll(() => rm(state, { recursive: true }));
beforeEach(() => void vi.stubEnv('XDG_STATE_HOME', state));
afterEach(() => void vi.unstubAllEnvs());

const sources: [string, Uint8Array][] = [
  ['a', pattern(1000, 1)],
  ['large', pattern(9_000_000, 2)],
  ['other', pattern(6_000_000, 3)],
  ['sub/b', pattern(1000, 4)],
];

/** A seal that was killed after its large files: the staging directory and the journal as they were then. */
async function killed(): Promise<{ source: string; parent: string; sealed: string; part: string }> {
  const source = await writeTree(await files.directory(), sources);
  const parent = await files.directory();
  const sealed = join(parent, 'model.sealed');
  let part = '';
  let copies: [string, string][] = [];
  const stop = new AbortController();
  const run = sealBundle(source, sealed, {
    keys,
    signal: stop.signal,
    context: { model: 'm' },
    onProgress: ({ bytes }) => {
      if (bytes < 15_000_000 || part !== '') return;
      part = 'found';
      stop.abort();
    },
  });
  // What a kill leaves is what stands there when the progress is told; an abort removes it, so links keep it.
  const keep = await files.directory();
  const watch = (async () => {
    for (;;) {
      const names = await readdir(parent);
      const staging = names.find((name) => name.endsWith('.weightseal-part'));
      if (staging) {
        part = part === '' ? '' : part;
        for (const name of await readdir(join(parent, staging)).catch(() => []))
          if (
            !copies.some(([one]) => one === name) &&
            (await lstat(join(parent, staging, name)).catch(() => undefined))?.isFile()
          ) {
            const linked = await link(join(parent, staging, name), join(keep, name)).then(
              () => true,
              () => false,
            );
            if (linked) copies.push([name, staging]);
          }
      }
      if (stop.signal.aborted) return staging!;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  await expect(run).rejects.toEqual(code('ABORTED'));
  const staging = await watch;
  await rename(keep, join(parent, staging));
  const { chmod } = await import('node:fs/promises');
  await chmod(join(parent, staging), 0o700);
  copies = [];
  return { source, parent, sealed, part: join(parent, staging) };
}

const again = { keys, context: { model: 'm' } };

describe('a seal that was killed', () => {
  it('goes on with what it had done, and leaves a whole bundle and nothing else', async () => {
    const { source, parent, sealed, part } = await killed();
    const before = await stat(join(part, 'large.sealed'));
    const done = await sealBundle(source, sealed, again);
    expect(done.resumed).toBe(2);
    expect((await stat(join(sealed, 'large.sealed'))).ino).toBe(before.ino);
    expect(await readdir(parent)).toEqual(['model.sealed']);
    await using bundle = await openBundle(sealed, again);
    const opened = files.path('opened');
    await bundle.openTo(opened, { digest: true });
    expect(await treeOf(opened)).toEqual(await treeOf(source));
  });

  it.each<[what: string, change: (at: { source: string; part: string }) => Promise<unknown>]>([
    [
      'a payload was changed',
      async ({ part }) => {
        const bytes = await readFile(join(part, 'large.sealed'));
        bytes[5_000_000] = bytes[5_000_000]! ^ 1;
        await writeFile(join(part, 'large.sealed'), bytes);
      },
    ],
    ['a payload was cut', ({ part }) => truncate(join(part, 'large.sealed'), 5_000_000)],
    ['a payload is gone', ({ part }) => rm(join(part, 'large.sealed'))],
    ['the file was touched', ({ source }) => utimes(join(source, 'large'), 1, 1)],
    ['the file is another', ({ source }) => writeFile(join(source, 'large'), pattern(9_000_000, 9))],
  ])('seals a file anew when %s', async (_what, change) => {
    const at = await killed();
    await change(at);
    expect((await sealBundle(at.source, at.sealed, again)).resumed).toBe(1);
    await verifyBundle(at.sealed, again);
  });

  it.each<[what: string, options: Parameters<typeof sealBundle>[2]]>([
    ['other recipients', { ...again, keys: [...keys, new MemoryKey('more')] }],
    ['another context', { ...again, context: { model: 'n' } }],
    ['a new beginning', { ...again, resume: false }],
  ])('begins anew for %s', async (_what, options) => {
    const { source, sealed } = await killed();
    expect((await sealBundle(source, sealed, options)).resumed).toBe(0);
    await verifyBundle(sealed, { keys, context: options.context });
  });

  it('begins anew when the journal is gone, torn, or others could write it', async () => {
    for (const change of [
      (at: string) => rm(at),
      (at: string) => truncate(at, 100),
      (at: string) => import('node:fs/promises').then(({ chmod }) => chmod(at, 0o666)),
    ]) {
      const { source, sealed } = await killed();
      for (const name of await readdir(join(state, 'weightseal/seals'))) {
        const path = join(state, 'weightseal/seals', name);
        if ((await stat(path)).size > 0) await change(path);
      }
      expect((await sealBundle(source, sealed, again)).resumed).toBe(0);
      await verifyBundle(sealed, again);
      await rm(join(state, 'weightseal/seals'), { recursive: true });
    }
  });
});

describe('a new version', () => {
  it('shares the payloads of files that are what they were', async () => {
    const source = await writeTree(await files.directory(), sources);
    const [old, next] = [files.path('v1'), files.path('v2')];
    await sealBundle(source, old, { keys, context: { version: '1' } });
    await writeFile(join(source, 'other'), pattern(6_000_000, 7));
    await rename(join(source, 'a'), join(source, 'renamed'));
    const done = await sealBundle(source, next, { keys, context: { version: '2' }, reuse: old });
    expect(done.reused).toBe(3);
    expect((await stat(join(next, 'large.sealed'))).ino).toBe((await stat(join(old, 'large.sealed'))).ino);
    expect((await stat(join(next, 'renamed.sealed'))).ino).toBe((await stat(join(old, 'a.sealed'))).ino);
    expect((await stat(join(next, 'other.sealed'))).ino).not.toBe(
      (await stat(join(old, 'other.sealed'))).ino,
    );
    await using bundle = await openBundle(next, { keys, context: { version: '2' } });
    const opened = files.path('opened');
    await bundle.openTo(opened, { digest: true });
    expect(await treeOf(opened)).toEqual(await treeOf(source));
    await verifyBundle(old, { keys, context: { version: '1' } });
  });

  it('takes no payload that is not what it was', async () => {
    const source = await writeTree(await files.directory(), sources);
    const [old, next] = [files.path('v1'), files.path('v2')];
    await sealBundle(source, old, { keys });
    const damaged = await copyOf(old, files.path('damaged'));
    const bytes = await readFile(join(damaged, 'large.sealed'));
    bytes[bytes.length - 1] = bytes[bytes.length - 1]! ^ 1;
    await writeFile(join(damaged, 'large.sealed'), bytes);
    expect((await sealBundle(source, next, { keys, reuse: damaged })).reused).toBe(3);
    await verifyBundle(next, { keys });
  });
});

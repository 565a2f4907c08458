import { existsSync } from 'node:fs';
import {
  chmod,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  inspectBundle,
  type KeyWrapper,
  openBundle,
  sealBundle,
  sweepOutputs,
  verifyBundle,
  WeightsealError,
} from '@weightseal/core';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fixedKey } from '../test-system/support/keys.mjs';
import { copyOf, treeOf, writeTree } from './support/bundles.js';
import { cutOff } from './support/cut-off.js';
import { MemoryKey } from './support/memory-key.js';
import { code, pattern } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const files = await temporary();
const keys = [fixedKey('bundles')];
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

/** What a seal leaves that is killed when it has done all files, and has neither table nor envelope. */
async function killed(): Promise<{ source: string; parent: string; sealed: string; part: string }> {
  const source = await writeTree(await files.directory(), sources);
  const parent = await files.directory();
  const sealed = join(parent, 'model.sealed');
  const job = { operation: 'seal', source, bundle: sealed, recipients: ['bundles'] } as const;
  const { made } = await cutOff({ ...job, options: { context: { model: 'm' } }, after: 15_001_000 });
  return { source, parent, sealed, part: made };
}

const again = { keys, context: { model: 'm' } };

function ofVersion(keyVersion: string): KeyWrapper {
  const wrap: KeyWrapper['wrap'] = async (...call) => ({ ...(await keys[0]!.wrap(...call)), keyVersion });
  return { ...keys[0]!, wrap };
}

function unwrapping(unwrap: KeyWrapper['unwrap']): KeyWrapper {
  return { ...keys[0]!, unwrap };
}

const unavailable = async () => {
  throw new WeightsealError('KEY_UNAVAILABLE', 'It does not answer.');
};

async function journals(): Promise<string[]> {
  const directory = join(state, 'weightseal/seals');
  const names = await readdir(directory).catch(() => []);
  return names.filter((name) => /^[0-9a-f]{32}$/.test(name)).map((name) => join(directory, name));
}

describe('a seal that was killed', () => {
  it('goes on with what it had done, and leaves a whole bundle and nothing else', async () => {
    const { source, parent, sealed, part } = await killed();
    const before = await stat(join(part, 'large.sealed'));
    const done = await sealBundle(source, sealed, again);
    expect(done.resumed).toBe(4);
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
    expect((await sealBundle(at.source, at.sealed, again)).resumed).toBe(3);
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

  it('begins anew when a key has another version by now, which alone opens what comes of it', async () => {
    const { source, sealed } = await killed();
    const done = await sealBundle(source, sealed, { ...again, keys: [ofVersion('2')] });
    expect(done.resumed).toBe(0);
    expect((await inspectBundle(sealed)).recipients).toMatchObject([{ keyVersion: '2' }]);
  });

  it('begins anew when the key is another one by now, under the same name', async () => {
    const { source, sealed } = await killed();
    const other = { ...fixedKey('other'), uri: keys[0]!.uri };
    const wrap: KeyWrapper['wrap'] = async (...call) => ({
      ...(await fixedKey('other').wrap(...call)),
      keyUri: other.uri,
    });
    const changed = { ...other, wrap };
    expect((await sealBundle(source, sealed, { ...again, keys: [changed] })).resumed).toBe(0);
    await verifyBundle(sealed, { ...again, keys: [changed] });
  });

  it('is left for the next one when its key gives nothing now', async () => {
    const { source, sealed } = await killed();
    const by = { ...again, keys: [unwrapping(unavailable)] };
    await expect(sealBundle(source, sealed, by)).rejects.toEqual(code('KEY_UNAVAILABLE'));
    expect((await sealBundle(source, sealed, again)).resumed).toBe(4);
    await verifyBundle(sealed, again);
  });

  it('is left for the next one when the directory cannot be sealed as it is', async () => {
    const { source, sealed } = await killed();
    await symlink('/', join(source, 'out'));
    await expect(sealBundle(source, sealed, again)).rejects.toEqual(code('LINK_INVALID'));
    await rm(join(source, 'out'));
    expect((await sealBundle(source, sealed, again)).resumed).toBe(4);
    await verifyBundle(sealed, again);
  });

  it('begins anew when the journal is gone, torn, or others could write it', async () => {
    for (const change of [
      (at: string) => rm(at),
      (at: string) => truncate(at, 100),
      (at: string) => chmod(at, 0o666),
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

describe('a seal that fails', () => {
  it('leaves no journal, and nothing beside its output', async () => {
    const source = await writeTree(await files.directory(), sources);
    const parent = await files.directory();
    const sealed = join(parent, 'model.sealed');
    const stop = new AbortController();
    const onProgress = ({ bytes }: { bytes: number }) => {
      if (bytes > 1_000_000) stop.abort();
    };
    await expect(sealBundle(source, sealed, { keys, onProgress, signal: stop.signal })).rejects.toEqual(
      code('ABORTED'),
    );
    expect(await journals()).toEqual([]);
    expect(await readdir(parent)).toEqual([]);
    await sealBundle(source, sealed, { keys });
    expect(await journals()).toEqual([]);
  });
});

describe('a journal that nobody comes back for', () => {
  it('goes with the next seal, when what it is of is gone', async () => {
    const { source, parent, sealed } = await killed();
    expect(await journals()).toHaveLength(1);
    await rm(parent, { recursive: true });
    await sealBundle(source, files.path('other'), { keys });
    expect(await journals()).toEqual([]);
    expect(existsSync(sealed)).toBe(false);
  });

  it('goes with what it is of, after a month', async () => {
    const { source, parent } = await killed();
    const [journal] = await journals();
    const nearly = Date.now() / 1000 - 29 * 86_400;
    await utimes(journal!, nearly, nearly);
    await sealBundle(source, files.path('other'), { keys });
    expect(await journals()).toEqual([journal]);
    expect(await readdir(parent)).toHaveLength(1);
    await utimes(journal!, nearly - 2 * 86_400, nearly - 2 * 86_400);
    await sealBundle(source, files.path('another'), { keys });
    expect(await journals()).toEqual([]);
    expect(await readdir(parent)).toEqual([]);
  });

  it('is told by a sweep, and goes with what it is of when that is asked for', async () => {
    const { parent, part } = await killed();
    const path = dirname(part);
    expect(await sweepOutputs(undefined)).toEqual([{ path, outcome: 'unfinished' }]);
    expect(await journals()).toHaveLength(1);
    expect(await sweepOutputs(undefined, { unfinished: true })).toEqual([{ path, outcome: 'removed' }]);
    expect(await journals()).toEqual([]);
    expect(await readdir(parent)).toEqual([]);
  });

  it('of which nothing is written goes when it is not of this moment', async () => {
    const source = await writeTree(await files.directory(), sources);
    const empty = join(state, 'weightseal/seals', '0'.repeat(32));
    await writeFile(empty, '', { mode: 0o600 });
    await sealBundle(source, files.path('one'), { keys });
    expect(await journals()).toEqual([empty]);
    await utimes(empty, 1, 1);
    await sealBundle(source, files.path('two'), { keys });
    expect(await journals()).toEqual([]);
  });

  it('stays while somebody goes on with it, however old it looks', async () => {
    const { source, sealed } = await killed();
    const [journal] = await journals();
    let asked = 0;
    const during = unwrapping(async (...call) => {
      await utimes(journal!, 1, 1);
      if (asked++ === 0) await sealBundle(source, files.path('meanwhile'), { keys });
      return await keys[0]!.unwrap(...call);
    });
    expect((await sealBundle(source, sealed, { ...again, keys: [during] })).resumed).toBe(4);
    await verifyBundle(sealed, again);
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

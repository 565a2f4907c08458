import { copyFile, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type KeyWrapper,
  openBundle,
  type ResealBundleOptions,
  resealBundle,
  rewrapBundle,
  sealBundle,
  verifyBundle,
} from '@weightseal/core';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fixedKey } from '../test-system/support/keys.mjs';
import { treeOf, writeTree } from './support/bundles.js';
import { cutOff } from './support/cut-off.js';
import { pattern } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const files = await temporary();
const keys = [fixedKey('old'), fixedKey('new')];
const change = { keys: [keys[0]!], add: [keys[1]!], remove: [keys[0]!.uri] };
const state = await mkdtemp(join(tmpdir(), 'weightseal-state-'));
afterAll(() => rm(state, { recursive: true }));
beforeEach(() => void vi.stubEnv('XDG_STATE_HOME', state));
afterEach(() => void vi.unstubAllEnvs());

const sources: [string, Uint8Array | string][] = [
  ['a', pattern(1000, 1)],
  ['config.json', '{"a":1}'],
  ['large', pattern(9_000_000, 2)],
  ['other', pattern(6_000_000, 3)],
  ['sub/b', pattern(1000, 4)],
];
const SIZE = sources.reduce((sum, [, bytes]) => sum + bytes.length, 0);
const PAYLOADS = ['a.sealed', 'large.sealed', 'other.sealed', 'sub/b.sealed'];
const options = { context: { model: 'm' }, public: ['*.json'] };

interface Killed {
  readonly source: string;
  readonly parent: string;
  readonly sealed: string;
  /** What it had made, beside the bundle. */
  readonly made: string;
}

/** What a reseal of `old` leaves, which stays with the old key only, that is killed when it has encrypted all files, and verified none. */
async function killed(): Promise<Killed> {
  const source = await writeTree(await files.directory(), sources);
  const parent = await files.directory();
  const sealed = join(parent, 'model.sealed');
  await sealBundle(source, sealed, { keys: [keys[0]!], ...options });
  const before = await treeOf(sealed);
  const { made } = await cutOff({
    operation: 'reseal',
    bundle: sealed,
    recipients: ['old'],
    after: SIZE - 1,
  });
  expect(await treeOf(sealed)).toEqual(before);
  return { source, parent, sealed, made };
}

async function inodesOf(directory: string): Promise<string[]> {
  return await Promise.all(
    PAYLOADS.map(async (name) => `${name} ${(await stat(join(directory, name))).ino}`),
  );
}

async function bytesOf(directory: string): Promise<Buffer[]> {
  return await Promise.all(PAYLOADS.map((name) => readFile(join(directory, name))));
}

async function expectWhole({ source, parent, sealed }: Killed, by: readonly KeyWrapper[]): Promise<void> {
  expect(await readdir(parent)).toEqual(['model.sealed']);
  expect((await readdir(join(state, 'weightseal/seals'))).filter((name) => !name.startsWith('.'))).toEqual(
    [],
  );
  await using bundle = await openBundle(sealed, { keys: by, context: options.context });
  const opened = files.path('opened');
  await bundle.openTo(opened, { digest: true });
  expect(await treeOf(opened)).toEqual(await treeOf(source));
}

const again: ResealBundleOptions = { keys: [keys[0]!] };

describe('a reseal that was killed', () => {
  it('goes on with what it had done, byte for byte, and ends as one that was not', async () => {
    const at = await killed();
    const [old, inodes, made] = [await bytesOf(at.sealed), await inodesOf(at.made), await bytesOf(at.made)];
    let read = 0;
    const onProgress = ({ bytes }: { bytes: number }) => {
      read = bytes;
    };
    const done = await resealBundle(at.sealed, { ...again, onProgress });
    expect(done).toMatchObject({ resumed: 5, members: 6, size: SIZE });
    expect(read).toBe(2 * SIZE);
    expect(await inodesOf(at.sealed)).toEqual(inodes);
    expect(await bytesOf(at.sealed)).toEqual(made);
    for (const [index, one] of made.entries()) expect(one.equals(old[index]!), PAYLOADS[index]).toBe(false);
    await expectWhole(at, [keys[0]!]);
  });

  it.each<[what: string, change: (made: string) => Promise<unknown>]>([
    ['was changed', (made) => flip(join(made, 'large.sealed'))],
    ['was cut', (made) => truncate(join(made, 'large.sealed'), 5_000_000)],
    ['is gone', (made) => rm(join(made, 'large.sealed'))],
    ['is that of another', (made) => copyFile(join(made, 'other.sealed'), join(made, 'large.sealed'))],
    [
      'is what it was in the old bundle',
      (made) => copyFile(join(made, '../../model.sealed/large.sealed'), join(made, 'large.sealed')),
    ],
    ['that is public was changed', (made) => writeFile(join(made, 'config.json'), '{"a":2}')],
  ])('encrypts a file again whose payload %s', async (_what, change) => {
    const at = await killed();
    await change(at.made);
    expect((await resealBundle(at.sealed, again)).resumed).toBe(4);
    await expectWhole(at, [keys[0]!]);
  });

  it('takes over nothing else that stands there', async () => {
    const at = await killed();
    await writeTree(at.made, [
      ['evil.sealed', 'x'],
      ['sub/deep/evil', 'x'],
      ['weightseal.json', '{}'],
    ]);
    expect((await resealBundle(at.sealed, again)).resumed).toBe(5);
    await expectWhole(at, [keys[0]!]);
  });

  it.each<[what: string, meanwhile: (at: Killed) => Promise<ResealBundleOptions>]>([
    ['other recipients', async () => change],
    ['one more recipient', async () => ({ ...again, add: [keys[1]!] })],
    ['a new beginning', async () => ({ ...again, resume: false })],
    [
      'a bundle that was rewrapped meanwhile',
      async ({ sealed }) => {
        await rewrapBundle(sealed, { keys: [keys[0]!] });
        return again;
      },
    ],
    [
      'another bundle of the same files under its name',
      async ({ source, sealed }) => {
        await sealBundle(source, sealed, { keys: [keys[0]!], ...options, overwrite: true });
        return again;
      },
    ],
    ['a key of another version', async () => ({ keys: [ofVersion(keys[0]!, '2')] })],
  ])('begins anew for %s', async (_what, meanwhile) => {
    const at = await killed();
    const by = await meanwhile(at);
    expect((await resealBundle(at.sealed, by)).resumed).toBe(0);
    await expectWhole(at, [...by.keys, ...(by.add ?? [])]);
  });

  it('gives nothing to a seal to the same name, which gives nothing to it', async () => {
    const at = await killed();
    const over = { keys: [keys[0]!], ...options, overwrite: true };
    expect((await sealBundle(at.source, at.sealed, over)).resumed).toBe(0);
    await cutOff({
      operation: 'seal',
      source: at.source,
      bundle: at.sealed,
      recipients: ['old'],
      options: { ...options, overwrite: true },
      after: SIZE - 1,
    });
    expect((await resealBundle(at.sealed, again)).resumed).toBe(0);
    await expectWhole(at, [keys[0]!]);
  });

  it('leaves no key in the clear, neither in its journal nor beside the bundle', async () => {
    const at = await killed();
    const directory = join(state, 'weightseal/seals');
    const journal = (await readdir(directory)).find((name) => !name.startsWith('.'))!;
    const left = Buffer.concat([await readFile(join(directory, journal)), ...(await bytesOf(at.made))]);
    expect(left.includes('"key"')).toBe(false);
    const dataKeys: Buffer[] = [];
    const telling: KeyWrapper = {
      ...keys[0]!,
      unwrap: async (...call) => {
        const dataKey = await keys[0]!.unwrap(...call);
        dataKeys.push(Buffer.from(dataKey));
        return dataKey;
      },
    };
    expect((await resealBundle(at.sealed, { keys: [telling] })).resumed).toBe(5);
    expect(dataKeys.length).toBeGreaterThan(2);
    for (const dataKey of dataKeys) {
      expect(left.includes(dataKey)).toBe(false);
      expect(left.includes(dataKey.toString('base64url'))).toBe(false);
    }
  });
});

describe('two reseals of one bundle', () => {
  it('take turns, and the later one works on what the other has left', async () => {
    const source = await writeTree(await files.directory(), sources);
    const sealed = join(await files.directory(), 'model.sealed');
    await sealBundle(source, sealed, { keys: [keys[0]!], ...options });
    const third = fixedKey('third');
    const all = [...keys, third];
    const done = await Promise.all(
      [keys[1]!, third].map((one) => resealBundle(sealed, { keys: all, add: [one] })),
    );
    expect(done.map(({ recipients }) => recipients.length).sort()).toEqual([2, 3]);
    for (const one of all) await verifyBundle(sealed, { keys: [one] });
  });
});

function ofVersion(key: KeyWrapper, keyVersion: string): KeyWrapper {
  return { ...key, wrap: async (...call) => ({ ...(await key.wrap(...call)), keyVersion }) };
}

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[bytes.length >> 1] = bytes[bytes.length >> 1]! ^ 1;
  await writeFile(path, bytes);
}

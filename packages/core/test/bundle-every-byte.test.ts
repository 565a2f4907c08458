import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, openBundle, sealBundle, verifyBundle } from '@weightseal/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { copyOf, writeTree } from './support/bundles.js';
import { MemoryKey } from './support/memory-key.js';
import { pattern, refusal } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const files = await temporary();
const keys = [new MemoryKey('bytes')];
const context = { model: 'tiny' };
/** What each file of a bundle is refused with when it is changed; and before a member is read, but for the members themselves. */
const ENVELOPE: ErrorCode[] = [
  'ENVELOPE_INVALID',
  'ENVELOPE_TAMPERED',
  'UNSUPPORTED_VERSION',
  'TABLE_TAMPERED',
  'CONTEXT_MISMATCH',
  'UNWRAP_REJECTED',
  'NO_MATCHING_KEY',
];
let bundle: string;

// Small, so that there is time for every one of its bytes; and of every kind of line.
beforeAll(async () => {
  const source = await writeTree(await files.directory(), [
    ['sub/a', pattern(70)],
    ['b', 'public'],
  ]);
  const sound = files.path('sound');
  await sealBundle(source, sound, { keys, context, public: ['b'], name: 'n' });
  bundle = await copyOf(sound, files.path('copy'));
});

async function changed(name: string, at: number, open: () => Promise<unknown>): Promise<ErrorCode> {
  const path = join(bundle, name);
  const bytes = await readFile(path);
  const other = Uint8Array.from(bytes);
  // Another bit in each.
  other[at]! ^= 1 << (at % 8);
  await writeFile(path, other);
  try {
    return (await refusal(open)).code;
  } finally {
    await writeFile(path, bytes);
  }
}

const opening = () => openBundle(bundle, { keys, context });
const verifying = () => verifyBundle(bundle, { keys, context });

describe('every byte counts', () => {
  it.each<[name: string, expected: ErrorCode[], open: () => Promise<unknown>]>([
    ['weightseal.json', ENVELOPE, opening],
    ['weightseal.table', ['TABLE_TAMPERED'], opening],
    ['sub/a.sealed', ['MEMBER_TAMPERED'], verifying],
    ['b', ['MEMBER_TAMPERED'], verifying],
  ])('of %s', async (name, expected, open) => {
    const { length } = await readFile(join(bundle, name));
    const codes: ErrorCode[] = [];
    for (let at = 0; at < length; at++) codes.push(await changed(name, at, open));
    expect(codes).toHaveLength(length);
    expect(
      codes.map((code, at) => [at, code]).filter(([, code]) => !expected.includes(code as ErrorCode)),
    ).toEqual([]);
    expect(await verifying()).toMatchObject({ members: 3 });
  });

  it('and they are all of its files', async () => {
    const all = await readdir(bundle, { recursive: true });
    expect(all.sort()).toEqual([
      'b',
      'sub',
      'sub/a.sealed',
      'weightseal.json',
      'weightseal.manifest.json',
      'weightseal.table',
    ]);
  });

  it('of every length of the table', async () => {
    const path = join(bundle, 'weightseal.table');
    const bytes = await readFile(path);
    for (let length = 0; length < bytes.length; length++) {
      await writeFile(path, bytes.subarray(0, length));
      expect([length, (await refusal(opening)).code]).toEqual([length, 'TABLE_TAMPERED']);
    }
    await writeFile(path, bytes);
  });
});

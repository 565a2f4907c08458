import { open, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, openBundle, verifyBundle } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../src/bundle/entry.js';
import { readTable, Table, writeTable } from '../src/bundle/table.js';
import { startEncryption } from '../src/format/floe.js';
import { recordMemory } from '../src/format/records.js';
import { bufferSource } from '../src/io/byte-source.js';
import { writeBundle } from './support/bundles.js';
import { type BundleParts, type ForgedMember, forgeBundle } from './support/forge-bundle.js';
import { MemoryKey } from './support/memory-key.js';
import { refusal } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const files = await temporary();
const MIB = 1_048_576;
const MOST = 1_048_576;
const keys = [new MemoryKey('one', 'vector')];
/** Bytes of a label, the same each time. */
const random = (label: string, length: number) => Uint8Array.from(Buffer.alloc(length, `${label} `));

function directory(index: number): Entry {
  const path = `d${String(index).padStart(7, '0')}`;
  return {
    kind: 'directory',
    path,
    size: 0,
    executable: false,
    payload: undefined,
    target: undefined,
    record: -1,
  };
}

/** A sealed table of so many lines, as somebody with the data key would write it, and what reading it gives. */
async function tableOf(lines: number): Promise<Table> {
  const entries = Array.from({ length: lines }, (_, index) => directory(index));
  const aad = new Uint8Array(8);
  const { header, message } = startEncryption(random('key', 32), aad, MIB);
  const pieces: Uint8Array[] = [];
  const { digest } = await writeTable(new Table(entries, recordMemory(1)), header, message, async (bytes) => {
    pieces.push(Uint8Array.from(bytes));
  });
  return await readTable(bufferSource(Buffer.concat(pieces)), message, digest, header, undefined);
}

describe('members', () => {
  it('2^20 of them are as many as a bundle can have', async () => {
    using table = await tableOf(MOST);
    expect(table.entries).toHaveLength(MOST);
  });

  it('one more is refused where it stands, whatever comes after it', async () => {
    expect(await refusal(() => tableOf(MOST + 1))).toMatchObject({
      code: 'TABLE_INVALID',
      message: expect.stringContaining('more than 1048576 members'),
    });
  });
});

/** A bundle of one key holder who means ill. */
async function forged(members: readonly ForgedMember[], parts: Partial<BundleParts> = {}): Promise<string> {
  const bundle = forgeBundle({ random, recipients: ['vector:one'], members, ...parts });
  return await writeBundle(await files.directory(), bundle);
}

/** Changes the table's text, and leaves its order. */
function saying(from: string | RegExp, to: string): Partial<BundleParts> {
  return { table: (text) => Buffer.from(text.toString().replace(from, to)) };
}

describe('sizes that are claimed', () => {
  const bytes = Buffer.alloc(100, 'x');

  it.each<[what: string, members: ForgedMember[], parts: Partial<BundleParts>, code: ErrorCode]>([
    [
      'a payload of 2^53 - 1 bytes',
      [{ kind: 'sealed', path: 'a', plaintext: bytes, segmentLength: 16_777_216 }],
      saying('"size":100', `"size":${2 ** 53 - 1}`),
      'MEMBER_TAMPERED',
    ],
    [
      'a payload of more segments than there can be',
      [{ kind: 'sealed', path: 'a', plaintext: bytes }],
      saying('"size":100', `"size":${2 ** 52}`),
      'TABLE_INVALID',
    ],
    [
      'a public member of 2^53 - 1 bytes',
      [{ kind: 'public', path: 'a', plaintext: bytes }],
      saying('"size":100', `"size":${2 ** 53 - 1}`),
      'MEMBER_TAMPERED',
    ],
    ['a line without an end', [], { table: () => Buffer.alloc(20_000, '{') }, 'TABLE_INVALID'],
    [
      'a table in segments of 16 MiB',
      [],
      { tableSegmentLength: 16_777_216, table: () => Buffer.alloc(20_000, '{') },
      'TABLE_INVALID',
    ],
  ])('%s take no memory', async (_what, members, parts, code) => {
    const bundle = await forged(members, parts);
    const before = process.memoryUsage().rss;
    expect(await refusal(() => verifyBundle(bundle, { keys }))).toMatchObject({ code });
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * MIB);
  });

  it('a public member that is there, and larger than memory, is not read into it', async () => {
    const size = 2 ** 43;
    const bundle = await forged(
      [{ kind: 'public', path: 'a', plaintext: bytes }],
      saying('"size":100', `"size":${size}`),
    );
    // Sparse. Where files cannot be so large, it is refused for its length.
    const kept = await truncate(join(bundle, 'a'), size).then(
      () => true,
      () => false,
    );
    await using reader = await openBundle(bundle, { keys });
    expect((await refusal(() => reader.read('a', 0, 1))).code).toBe(
      kept ? 'MEMORY_LIMIT' : 'MEMBER_TAMPERED',
    );
    await rm(join(bundle, 'a'));
  });

  it('a table of 1 GiB that is not there, or is empty space, is refused by its first segment', async () => {
    const size = 1_073_741_824;
    const bundle = await forged([], { reference: (table) => ({ ...table, size }) });
    expect(await refusal(() => openBundle(bundle, { keys }))).toMatchObject({ code: 'TABLE_TAMPERED' });
    await truncate(join(bundle, 'weightseal.table'), size);
    const before = process.memoryUsage().rss;
    expect(await refusal(() => openBundle(bundle, { keys }))).toMatchObject({ code: 'TABLE_TAMPERED' });
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * MIB);
  });
});

it('an envelope that grows while it is there is refused by its length', async () => {
  const bundle = await forged([]);
  await truncate(join(bundle, 'weightseal.json'), 2 ** 40);
  expect(await refusal(() => openBundle(bundle, { keys }))).toMatchObject({ code: 'ENVELOPE_INVALID' });
  await writeFile(join(bundle, 'weightseal.json'), '');
  await using file = await open(join(bundle, 'weightseal.json'), 'r+');
  await file.truncate(65_537);
  expect(await refusal(() => openBundle(bundle, { keys }))).toMatchObject({ code: 'ENVELOPE_INVALID' });
});

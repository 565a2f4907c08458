import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openBundle, resealBundle, rewrapBundle, sealBundle, verifyBundle } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { copyOf, treeOf, writeTree } from './support/bundles.js';
import { MemoryKey } from './support/memory-key.js';
import { code, pattern } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const files = await temporary();
const key = new MemoryKey('bundles');
const keys = [key];
const context = { model: 'tiny' };

async function bundle(): Promise<{ source: string; sealed: string }> {
  const source = await writeTree(await files.directory(), [
    ['a', pattern(1000, 1)],
    ['large', pattern(5_000_000, 2)],
    ['config.json', '{}'],
    ['sub/empty', ''],
  ]);
  const sealed = join(await files.directory(), 'model.sealed');
  await sealBundle(source, sealed, { keys, context, public: ['*.json'] });
  return { source, sealed };
}

describe('a reseal', () => {
  it('gives every payload another key, and whoever had the old ones opens nothing', async () => {
    const { source, sealed } = await bundle();
    const before = await copyOf(sealed, files.path('before'));
    const other = new MemoryKey('other');
    const done = await resealBundle(sealed, { keys, context, add: [other], remove: [key.uri] });
    expect(done).toMatchObject({ members: 5, recipients: [{ keyUri: other.uri }] });
    expect(await readdir(dirname(sealed))).toEqual(['model.sealed']);
    for (const name of ['a.sealed', 'large.sealed', 'sub/empty.sealed', 'weightseal.table'])
      expect((await readFile(join(sealed, name))).equals(await readFile(join(before, name))), name).toBe(
        false,
      );
    expect(await readFile(join(sealed, 'config.json'))).toEqual(await readFile(join(before, 'config.json')));
    await using opened = await openBundle(sealed, { keys: [other], context });
    const output = files.path('opened');
    await opened.openTo(output, { digest: true });
    expect(await treeOf(output)).toEqual(await treeOf(source));
    // The old envelope and table open none of the new payloads.
    for (const name of ['weightseal.json', 'weightseal.table'])
      await writeFile(join(sealed, name), await readFile(join(before, name)));
    await expect(verifyBundle(sealed, { keys })).rejects.toEqual(code('MEMBER_TAMPERED'));
  });

  it.each<[what: string, change: (sealed: string) => Promise<unknown>, expected: string]>([
    ['a payload is changed', async (at) => flip(join(at, 'large.sealed'), -1), 'MEMBER_TAMPERED'],
    ['a small payload is changed', async (at) => flip(join(at, 'a.sealed'), -1), 'MEMBER_TAMPERED'],
    ['a public member is changed', (at) => writeFile(join(at, 'config.json'), '[]'), 'MEMBER_TAMPERED'],
    ['something else would be lost', (at) => writeFile(join(at, 'notes'), 'x'), 'MEMBER_EXTRA'],
  ])('leaves the old bundle as it is when %s', async (_what, change, expected) => {
    const { sealed } = await bundle();
    await change(sealed);
    const before = await treeOf(sealed);
    await expect(resealBundle(sealed, { keys })).rejects.toEqual(code(expected as 'INTERNAL'));
    expect(await treeOf(sealed)).toEqual(before);
    expect(await readdir(dirname(sealed))).toEqual(['model.sealed']);
  });

  it('loses no recipient in silence', async () => {
    const { sealed } = await bundle();
    await rewrapBundle(sealed, { keys, add: [new MemoryKey('second')] });
    await expect(resealBundle(sealed, { keys })).rejects.toEqual(code('RECIPIENT_REQUIRED'));
  });
});

describe('a rewrap', () => {
  it('waits for another one, and none is lost', async () => {
    const { sealed } = await bundle();
    const more = Array.from({ length: 5 }, (_value, index) => new MemoryKey(`more-${index}`));
    await Promise.all(more.map((one) => rewrapBundle(sealed, { keys, add: [one] })));
    for (const one of [key, ...more]) await verifyBundle(sealed, { keys: [one] });
    expect((await readdir(sealed)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('is refused when the envelope would be too long, and changes nothing', async () => {
    const { sealed } = await bundle();
    const before = await readFile(join(sealed, 'weightseal.json'));
    const long = Array.from({ length: 31 }, (_value, index) => new MemoryKey(`${'x'.repeat(1900)}${index}`));
    await expect(rewrapBundle(sealed, { keys, add: long })).rejects.toEqual(code('ENVELOPE_FULL'));
    expect(await readFile(join(sealed, 'weightseal.json'))).toEqual(before);
  });
});

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  const index = bytes.length + at;
  bytes[index] = bytes[index]! ^ 1;
  await writeFile(path, bytes);
}

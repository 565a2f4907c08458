import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Inode } from '../src/inode.js';
import { byDescriptor } from '../src/place/space.js';

const SIZE = 5_000_003;

describe.runIf(process.platform === 'linux')('the inode of a plaintext (on Linux)', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync('/dev/shm/weightseal-inode-');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const plaintext = randomBytes(SIZE);
  async function filled(inMemory = true): Promise<Inode> {
    const inode = await Inode.hidden(directory, inMemory);
    await inode.handle.writeFile(plaintext);
    return inode;
  }

  test('is overwritten to its last byte before it is given back', async () => {
    const inode = await filled();
    await using held = await open(byDescriptor(inode.handle));
    inode.hold(held);
    // It would be cut then, and nothing of it seen.
    inode.handle.truncate = () => Promise.resolve();
    expect(await inode.clear(true)).toBe('wiped');
    expect(Buffer.compare(await held.readFile(), Buffer.alloc(SIZE))).toBe(0);
    await inode.release(false);
  });

  test('is wiped although we have it open twice, and not while somebody else has', async () => {
    const inode = await filled();
    await using held = await open(byDescriptor(inode.handle));
    inode.hold(held);
    await using other = await open(byDescriptor(inode.handle));
    expect(await inode.clear(true)).toBe('open');
    expect(Buffer.compare(await other.readFile(), plaintext)).toBe(0);
    await other.close();
    expect(await inode.clear(true)).toBe('wiped');
    expect((await held.stat()).size).toBe(0);
    await inode.release(true);
  });

  test('is not wiped on a disk, nor when that is not wanted', async () => {
    const inode = await filled(false);
    await using other = await open(byDescriptor(inode.handle));
    expect(await inode.clear(true)).toBe('freed');
    expect((await other.stat()).size).toBe(SIZE);
    await inode.release(true);
    const second = await filled();
    expect(await second.release(false)).toBe('freed');
  });
});

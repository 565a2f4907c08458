import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Directory } from '@weightseal/core';
import { afterAll, expect, test, vi } from 'vitest';
import * as fileSystem from '../src/machine/file-system.js';
import { useExisting } from '../src/place/existing.js';
import { PrivateDirectory } from '../src/place/private-directory.js';
import { fileIn } from '../src/place/space.js';

vi.mock(import('../src/machine/file-system.js'), async (original) => ({ ...(await original()) }));

const root = await mkdtemp(join(tmpdir(), 'weightseal-swapped-'));
afterAll(() => rm(root, { recursive: true }));
const link = join(root, 'link');
const [first, second] = [join(root, 'first'), join(root, 'second')];
await Promise.all([mkdir(first), mkdir(second)]);

async function leadsTo(directory: string): Promise<void> {
  await rm(link, { force: true });
  await symlink(directory, link);
}

test('a private directory is made in the directory that was opened, wherever its path leads by then', async () => {
  await leadsTo(first);
  await using place = await Directory.open(link);
  await leadsTo(second);
  await using made = await PrivateDirectory.within(place, link);
  expect(made.path).toBe(join(first, (await readdir(first))[0]!));
  expect(await readdir(second)).toEqual([]);
});

test.each([
  ['with a name', false],
  ['without one', true],
])('plaintext goes where was looked, %s', async (_, nameless) => {
  await leadsTo(first);
  const { fileSystemOf } = fileSystem;
  const looking = vi.spyOn(fileSystem, 'fileSystemOf').mockImplementation(async (fd) => {
    const found = await fileSystemOf(fd);
    await leadsTo(second);
    return found;
  });
  const options = { bytes: 1, directory: link, allowDisk: true, memory: false, nameless };
  const space = await useExisting(options, fileIn);
  expect(looking).toHaveBeenCalled();
  looking.mockRestore();
  await using _space = space;
  expect(await readdir(second)).toEqual([]);
  expect(await readdir(first)).toHaveLength(nameless ? 0 : 1);
  await space.plaintext.release(false);
});

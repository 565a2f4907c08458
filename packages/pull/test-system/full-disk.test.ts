import { execFileSync } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pull } from '@weightseal/pull';
import { afterAll, expect, it } from 'vitest';
import {
  acme,
  bytesOf,
  fresh,
  MIB,
  releasedBundle,
  releasedFile,
  visible,
} from '../test/support/releases.js';
import { Served } from '../test/support/served.js';

const site = await fresh();
await releasedBundle(join(site, 'llama'), { 'long.bin': bytesOf(40 * MIB, 1), 'small.bin': bytesOf(100, 3) });
await releasedFile(join(site, 'bert.sealed'), bytesOf(30 * MIB, 4));
const server = await Served.start(site);
const disk = join(await fresh(), 'disk');
await mkdir(disk);
const mounted = (() => {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', disk], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
afterAll(async () => {
  if (mounted) execFileSync('umount', [disk]);
  await server[Symbol.asyncDispose]();
});

it.runIf(mounted).each(['llama', 'bert.sealed'])(
  'a disk that is too small for %s has nothing of its name, and says so (as root)',
  async (name) => {
    await expect(pull(server.at(name), join(disk, name), { signers: [acme.signer] })).rejects.toMatchObject({
      code: 'NO_SPACE',
    });
    expect(await visible(disk)).toEqual([]);
    for (const left of await readdir(disk)) execFileSync('rm', ['-rf', join(disk, left)]);
  },
);

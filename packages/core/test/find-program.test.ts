import { chmod, chown, link, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { bufferSource, findProgram, sealToFile, searchPath } from '@weightseal/core';
import { afterEach, describe, expect, it } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import { pattern } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const temp = await temporary();
const PATH = process.env['PATH'];
const root = process.getuid?.() === 0;
const STRANGER = 12_345;
/** One that every system has, and that the planted ones are not. */
const usual = /^\/(usr\/)?bin\/ln$/;

afterEach(() => {
  process.env['PATH'] = PATH;
});

/** A directory with an `ln` in it. */
async function planted(mode = 0o755): Promise<string> {
  const directory = await temp.directory();
  await writeFile(`${directory}/ln`, '#!/bin/sh\nexit 1\n');
  await chmod(`${directory}/ln`, mode);
  return directory;
}

async function foundWith(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) delete process.env['PATH'];
  else process.env['PATH'] = path;
  return await findProgram('ln');
}

describe.skipIf(process.platform !== 'linux')('a program that we start (on Linux)', () => {
  it('comes from the first absolute entry of PATH that has it', async () => {
    const [first, second] = [await planted(), await planted()];
    const empty = await temp.directory();
    expect(await foundWith(`${empty}:/nowhere:${first}:${second}`)).toBe(`${first}/ln`);
    expect(await foundWith(`${second}/:${first}`)).toBe(`${second}//ln`);
  });

  it('is the usual one without a PATH, and with an empty one', async () => {
    for (const path of [undefined, '', ':', '::', '.', './', '..'])
      expect(await foundWith(path), String(path)).toMatch(usual);
  });

  it('never comes from an entry that is relative, whatever lies there', async () => {
    const directory = relative(process.cwd(), await planted());
    const absolute = ['/proc/self/cwd', '/./proc//thread-self/cwd'].map((cwd) => `${cwd}/${directory}`);
    for (const path of [directory, `./${directory}`, `:${directory}`, `${directory}:`, ...absolute])
      expect(await foundWith(path)).toMatch(usual);
  });

  it('is none that cannot be run, no directory, and nothing that does not exist', async () => {
    const directory = await temp.directory();
    await mkdir(`${directory}/ln`);
    const dangling = await temp.directory();
    await symlink('nothing', `${dangling}/ln`);
    expect(await foundWith(`${await planted(0o644)}:${directory}:${dangling}`)).toMatch(usual);
    expect(await findProgram('a-program-that-nobody-has')).toBeUndefined();
  });

  it.each([0o777, 0o775, 0o1777, 0o757])('is none in a directory of mode %o', async (mode) => {
    const directory = await planted();
    await chmod(directory, mode);
    expect(await foundWith(directory)).toMatch(usual);
  });

  it.each([0o777, 0o775, 0o757])('is none of mode %o', async (mode) => {
    expect(await foundWith(await planted(mode))).toMatch(usual);
  });

  it('is none beneath a directory in which others can rename it', async () => {
    const above = await temp.directory();
    const directory = `${above}/bin`;
    await mkdir(directory);
    await writeFile(`${directory}/ln`, '', { mode: 0o755 });
    expect(await foundWith(directory)).toBe(`${directory}/ln`);
    await chmod(above, 0o777);
    expect(await foundWith(directory)).toMatch(usual);
    // As in /tmp: with the sticky bit they cannot.
    await chmod(above, 0o1777);
    expect(await foundWith(directory)).toBe(`${directory}/ln`);
  });

  it('is found through links, when all of the way is safe', async () => {
    const directory = await planted();
    const bin = await temp.directory();
    await symlink(`${directory}/../${directory.split('/').at(-1)}/ln`, `${bin}/ln`);
    await symlink(bin, `${bin}/again`);
    expect(await foundWith(`${bin}/again`)).toBe(`${bin}/again/ln`);
    const loop = await temp.directory();
    await symlink('ln', `${loop}/ln`);
    expect(await foundWith(loop)).toMatch(usual);
  });

  it('is none whose links lead through a place where others can turn them', async () => {
    const [directory, open] = [await planted(), await temp.directory()];
    await symlink(directory, `${open}/bin`);
    await symlink(`${directory}/ln`, `${open}/ln`);
    await link(`${directory}/ln`, `${open}/hard`);
    await chmod(open, 0o1777);
    const bins = await Promise.all([`bin/ln`, 'ln', 'hard'].map(() => temp.directory()));
    await symlink(`${open}/bin/ln`, `${bins[0]}/ln`);
    await symlink(`${open}/ln`, `${bins[1]}/ln`);
    await symlink(`${open}/hard`, `${bins[2]}/ln`);
    for (const entry of [`${open}/bin`, ...bins]) expect(await foundWith(entry)).toMatch(usual);
  });

  it.skipIf(!root)("is none of another user's, nor in another user's directory (as root)", async () => {
    const theirs = await planted();
    await chown(`${theirs}/ln`, STRANGER, STRANGER);
    expect(await foundWith(theirs)).toMatch(usual);
    const directory = await planted();
    await chown(directory, STRANGER, STRANGER);
    expect(await foundWith(directory)).toMatch(usual);
    const above = await temp.directory();
    await mkdir(`${above}/bin`);
    await writeFile(`${above}/bin/ln`, '', { mode: 0o755 });
    await chown(above, STRANGER, STRANGER);
    expect(await foundWith(`${above}/bin`)).toMatch(usual);
  });

  it('gets a PATH of directories that only root and we can write', async () => {
    const [good, open] = [await planted(), await planted()];
    await chmod(open, 0o777);
    process.env['PATH'] = `:${open}:${good}:.:${relative(process.cwd(), good)}::/usr/bin:/nowhere:`;
    expect(await searchPath()).toBe(`${good}:/usr/bin:/bin`);
    for (const path of [undefined, '', '.', open]) {
      await foundWith(path);
      expect(await searchPath()).toBe('/usr/bin:/bin');
    }
  });

  it('is none that a stranger has planted, when an output gets its name', async () => {
    const bin = await temp.directory();
    for (const name of ['ln', 'mv', 'rm', 'sh'])
      await writeFile(`${bin}/${name}`, `#!/bin/sh\n: > ${bin}/ran\nexit 1\n`, { mode: 0o755 });
    const out = await temp.directory();
    await chmod(bin, 0o777);
    for (const path of [relative(process.cwd(), bin), bin, `${bin}:${PATH}`]) {
      process.env['PATH'] = path;
      for (const overwrite of [true, true])
        await sealToFile(bufferSource(pattern(100)), `${out}/out`, { keys: [new MemoryKey('a')], overwrite });
      expect(await readdir(bin)).not.toContain('ran');
      expect((await readdir(out)).sort()).toEqual(['out', 'out.weightseal.manifest.json']);
    }
  });
});

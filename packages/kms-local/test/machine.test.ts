import { execFile } from 'node:child_process';
import { chmod, chown, lstat, mkdir, symlink } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createLocalKey, generateKeyFile } from '@weightseal/kms-local';
import { expect, it } from 'vitest';
import { temporary } from './temporary.js';

const path = await temporary();

it.runIf(process.platform === 'linux')(
  'that a process may open no more files is told as that, and not as a fault of the key (on Linux)',
  async () => {
    const [existing, fresh] = [path('existing'), path('fresh')];
    await generateKeyFile(existing);
    const script = fileURLToPath(new URL('no-descriptors.mjs', import.meta.url));
    const limited = ['--nofile=64', process.execPath, script, existing, fresh];
    const { stdout } = await promisify(execFile)('prlimit', limited);
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/^IO_ERROR: Could not create the key file .*ulimit -n/),
      expect.stringMatching(/^IO_ERROR: Could not read the key file .*ulimit -n/),
    ]);
  },
);

it.runIf(process.platform === 'linux')(
  'a key file is rotated from the working directory, also below one that may not be searched (on Linux)',
  async () => {
    const outer = path('outer');
    const inner = `${outer}/inner`;
    await mkdir(inner, { recursive: true });
    await generateKeyFile(`${inner}/key`);
    await symlink('key', `${inner}/link`);
    const root = process.geteuid?.() === 0;
    const back = process.cwd();
    process.chdir(inner);
    await chmod(outer, 0);
    if (root) {
      await chown(inner, 1234, 0);
      await chown('key', 1234, 0);
      process.seteuid!(1234);
    }
    try {
      await expect(lstat(`${inner}/key`)).rejects.toMatchObject({ code: 'EACCES' });
      expect(await createLocalKey({ path: 'link' }).rotate()).toMatch(/\/2$/);
      expect(await createLocalKey({ path: './key' }).rotate()).toMatch(/\/3$/);
      expect((await lstat('link')).isSymbolicLink()).toBe(true);
    } finally {
      if (root) process.seteuid!(0);
      await chmod(outer, 0o755);
      process.chdir(back);
    }
  },
);

it('what is wrong with the key file itself is told as that', async () => {
  const wrap = (file: string) => createLocalKey({ path: file }).wrap(new Uint8Array(32), {});
  const existing = path('existing');
  await generateKeyFile(existing);
  await expect(wrap(path('nothing'))).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
  await expect(wrap(`${existing}/below`)).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
  await expect(wrap(path('n'.repeat(300)))).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
  await expect(generateKeyFile(`${path('nothing')}/key`)).rejects.toMatchObject({
    code: 'IO_ERROR',
    message: expect.stringContaining('make it first'),
  });
  await expect(generateKeyFile(existing)).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
});

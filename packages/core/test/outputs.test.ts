import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { bufferSource, openToFile, sealToFile, verify } from '@weightseal/core';
import { afterEach, describe, expect, it } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import { code, pattern } from './support/sealed.js';
import { everythingIn, temporary, withManifest } from './support/temporary.js';

const temp = await temporary();
const keys = [new MemoryKey('a')];
const PLAINTEXT = pattern(5000);
const sealed = temp.path('sealed');
await sealToFile(bufferSource(PLAINTEXT), sealed, { keys });

const operations = {
  seal: (output: string, overwrite = false) =>
    sealToFile(bufferSource(PLAINTEXT), output, { keys, overwrite }),
  open: (output: string, overwrite = false) => openToFile(sealed, output, { keys, overwrite }),
};
const path = process.env['PATH'];
afterEach(() => {
  process.env['PATH'] = path;
});

for (const [name, write] of Object.entries(operations)) {
  describe(`the output of ${name}`, () => {
    const isRight = async (output: string) => {
      if (name === 'seal') expect(await verify(output, { keys })).toMatchObject({ size: PLAINTEXT.length });
      else expect(Buffer.compare(await readFile(output), PLAINTEXT)).toBe(0);
    };

    const whatAppears = (file: string) => (name === 'seal' ? withManifest(file) : [file]).sort();

    it('is the only thing that appears, of seal with its manifest', async () => {
      const directory = await temp.directory();
      await write(`${directory}/out`);
      expect(await everythingIn(directory)).toEqual(whatAppears('out'));
      await isRight(`${directory}/out`);
    });

    it('does not replace a file, unless that is allowed', async () => {
      const directory = await temp.directory();
      const output = `${directory}/out`;
      await writeFile(output, 'mine');
      const before = await stat(output);
      await expect(write(output)).rejects.toEqual(code('OUTPUT_EXISTS'));
      expect(await readFile(output, 'utf8')).toBe('mine');
      expect((await stat(output)).ino).toBe(before.ino);
      await write(output, true);
      await isRight(output);
      expect(await everythingIn(directory)).toEqual(whatAppears('out'));
    });

    it('does not replace a file that appears while it is written', async () => {
      const directory = await temp.directory();
      const output = `${directory}/out`;
      const writing = write(output);
      writing.catch(() => {});
      await writeFile(output, 'mine');
      await writing.catch(() => {});
      const appeared = (await readFile(output, 'utf8')) === 'mine';
      if (appeared) await expect(writing).rejects.toEqual(code('OUTPUT_EXISTS'));
      expect(await everythingIn(directory)).toEqual(appeared ? ['out'] : whatAppears('out'));
    });

    it('is never a directory, a device, a link, or what a link leads to', async () => {
      const directory = await temp.directory();
      await mkdir(`${directory}/directory`);
      await writeFile(`${directory}/file`, 'mine');
      await symlink('file', `${directory}/link`);
      await symlink('nowhere', `${directory}/dangling`);
      await symlink('/dev/null', `${directory}/device`);
      const before = await everythingIn(directory);
      const refused = {
        directory: 'INVALID_ARGUMENT',
        device: 'INVALID_ARGUMENT',
        '/dev/null': 'INVALID_ARGUMENT',
        link: 'OUTPUT_EXISTS',
        dangling: 'OUTPUT_EXISTS',
      } as const;
      for (const [target, why] of Object.entries(refused)) {
        const output = target.startsWith('/') ? target : `${directory}/${target}`;
        for (const overwrite of [false, true])
          await expect(write(output, overwrite)).rejects.toEqual(code(why));
      }
      expect(await everythingIn(directory)).toEqual(before);
      expect(await everythingIn(`${directory}/directory`)).toEqual([]);
      expect(await readFile(`${directory}/file`, 'utf8')).toBe('mine');
    });

    it('needs a directory', async () => {
      await expect(write(`${temp.path()}/out`)).rejects.toEqual(code('IO_ERROR'));
      await expect(write(`${sealed}/out`)).rejects.toEqual(code('IO_ERROR'));
    });

    it.each(['-n', '--help', 'a\nb', 'a b', 'ü', '…', "'", '"', '$(x)', '.hidden'])(
      'may be called %j',
      async (file) => {
        const directory = await temp.directory();
        await write(`${directory}/${file}`);
        await write(`${directory}/${file}`, true);
        expect(await everythingIn(directory)).toEqual(whatAppears(file));
        await isRight(`${directory}/${file}`);
      },
    );

    it('may have as long a name as the file system allows', async () => {
      const directory = await temp.directory();
      const file = 'x'.repeat(name === 'seal' ? 255 - '.weightseal.manifest.json'.length : 255);
      await write(`${directory}/${file}`);
      await write(`${directory}/${file}`, true);
      expect(await everythingIn(directory)).toEqual(whatAppears(file));
    });

    it.each([
      ['there is no ln in PATH', undefined],
      ['ln fails', '#!/bin/sh\nexit 1\n'],
      ['ln does nothing', '#!/bin/sh\nexit 0\n'],
    ])('comes out right when %s', async (_when, script) => {
      const bin = await temp.directory();
      if (script) {
        await writeFile(`${bin}/ln`, script);
        await chmod(`${bin}/ln`, 0o755);
      }
      process.env['PATH'] = bin;
      const directory = await temp.directory();
      await write(`${directory}/out`);
      await isRight(`${directory}/out`);
      await expect(write(`${directory}/out`)).rejects.toEqual(code('OUTPUT_EXISTS'));
      await write(`${directory}/out`, true);
      await isRight(`${directory}/out`);
      expect(await everythingIn(directory)).toEqual(whatAppears('out'));
    });

    it(`has mode ${name === 'open' ? '0600, for it is a plaintext' : 'of the umask'}`, async () => {
      const output = temp.path();
      const mode = name === 'open' ? 0o600 : 0o666 & ~process.umask();
      await write(output);
      expect((await stat(output)).mode & 0o777).toBe(mode);
      await chmod(output, 0o644);
      await write(output, true);
      expect((await stat(output)).mode & 0o777).toBe(mode);
    });
  });
}

it('may be the input itself, when overwriting is allowed', async () => {
  const file = temp.path();
  await writeFile(file, PLAINTEXT);
  await expect(sealToFile(file, file, { keys })).rejects.toEqual(code('OUTPUT_EXISTS'));
  await sealToFile(file, file, { keys, overwrite: true });
  await openToFile(file, file, { keys, overwrite: true });
  expect(Buffer.compare(await readFile(file), PLAINTEXT)).toBe(0);
});

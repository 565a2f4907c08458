import { chmod, chown, lchown, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { CONFIG_NAMES, findConfig, loadConfig } from '@weightseal/config';
import { describe, expect, test } from 'vitest';
import { Folder } from './support/folder.js';

const found = (folder: Folder, from: string, env: NodeJS.ProcessEnv = {}) =>
  findConfig({ cwd: join(folder.path, from), env })?.replace(`${folder.path}/`, '');

describe('a configuration is found', () => {
  test.for(CONFIG_NAMES.filter((name) => !/\.m?[jt]s$/.test(name)))('%s', async (name) => {
    await using folder = await Folder.with({ [name]: '' });
    expect(found(folder, '.')).toBe(name);
  });

  test('the nearest one above', async () => {
    await using folder = await Folder.with({
      'weightseal.config.yaml': '',
      'a/weightseal.config.json': '',
      'a/b/c/x': '',
      'd/weightseal.config.yaml/x': '',
    });
    expect(found(folder, 'a/b/c')).toBe('a/weightseal.config.json');
    expect(found(folder, 'd')).toBe('weightseal.config.yaml');
    expect(found(folder, 'nowhere/at/all')).toBe('weightseal.config.yaml');
  });

  test('where WEIGHTSEAL_CONFIG says, instead', async () => {
    await using folder = await Folder.with({ 'weightseal.config.yaml': '', 'other.yaml': '' });
    expect(found(folder, '.', { WEIGHTSEAL_CONFIG: 'other.yaml' })).toBe('other.yaml');
    expect(found(folder, '.', { WEIGHTSEAL_CONFIG: '' })).toBe('weightseal.config.yaml');
  });
});

describe('a configuration that was only found is not used', () => {
  test('when there are two in a directory', async () => {
    await using folder = await Folder.with({ 'weightseal.config.yaml': '', 'weightseal.config.ts': '' });
    expect(() => found(folder, '.')).toThrow(/config\.ts, and there is .*config\.yaml\. Keep one of them/);
  });

  test('when everybody can write to it; named, it is', async () => {
    await using folder = await Folder.with({ 'weightseal.config.yaml': 'deadlineMs: 5' });
    await chmod(join(folder.path, 'weightseal.config.yaml'), 0o666);
    expect(() => found(folder, '.')).toThrow(/can be written to by everybody, .* name it with --config/);
    expect((await folder.load({ path: 'weightseal.config.yaml' })).deadlineMs).toBe(5);
  });

  test.for(['ts', 'js', 'mjs'])(
    'when it is a program (%s), which may have come with a model',
    async (extension) => {
      const name = `weightseal.config.${extension}`;
      await using folder = await Folder.with({
        [name]: 'globalThis.ran = true; export default { deadlineMs: 5 };',
      });
      await expect(folder.load()).rejects.toThrow(
        /is a program, .* name it with --config or WEIGHTSEAL_CONFIG/,
      );
      expect(globalThis).not.toHaveProperty('ran');
      expect((await folder.load({ env: { WEIGHTSEAL_CONFIG: name } })).deadlineMs).toBe(5);
      delete (globalThis as { ran?: boolean }).ran;
    },
  );

  test('when one of its keys loads a module that it names', async () => {
    const name = 'weightseal.config.yaml';
    await using folder = await Folder.with({ [name]: "open: ['pkcs11:object=a?module-path=/repo/evil.so']" });
    await expect(folder.load()).rejects.toThrow(
      /yaml:1:\d+: .*names a module to load, and the configuration was only found/,
    );
    expect((await folder.load({ path: name })).keysToOpen()).toHaveLength(1);
  });

  test.runIf(process.getuid?.() === 0)('when it belongs to somebody else', async () => {
    await using folder = await Folder.with({ 'weightseal.config.yaml': '' });
    await chown(join(folder.path, 'weightseal.config.yaml'), 12345, 12345);
    expect(() => found(folder, '.')).toThrow(/belongs to another user/);
  });

  test.runIf(process.getuid?.() === 0)('when a link of somebody else leads to a file of ours', async () => {
    await using folder = await Folder.with({ 'other.json': '' });
    const link = join(folder.path, 'weightseal.config.json');
    await symlink('other.json', link);
    expect(found(folder, '.')).toBe('weightseal.config.json');
    await lchown(link, 12345, 12345);
    expect(() => found(folder, '.')).toThrow(/belongs to another user/);
  });
});

describe('a configuration that is not there', () => {
  test('named, is not found', async () => {
    await expect(loadConfig({ cwd: '/', path: 'no/such.yaml' })).rejects.toMatchObject({
      code: 'INPUT_NOT_FOUND',
      message: expect.stringContaining('Could not read the configuration /no/such.yaml'),
    });
  });

  test('not named, is told with the names that would do', async () => {
    await expect(loadConfig({ cwd: '/no/such/directory', env: {} })).rejects.toMatchObject({
      code: 'INPUT_NOT_FOUND',
      message: expect.stringContaining('weightseal.config.yaml'),
    });
  });
});

test.for(['config', 'config.conf', 'config.YAML', '.yaml'])(
  'a file that does not say what it is written in is not run: %s',
  async (name) => {
    await using folder = await Folder.with({ [name]: 'globalThis.ran = true; export default {};' });
    await expect(folder.load({ path: name })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('by the end of its name: .yaml, .yml, .json, .ts, .js, .mjs.'),
    });
    expect(globalThis).not.toHaveProperty('ran');
  },
);

describe('what a configuration can be written in', () => {
  test.for([
    ['yaml', 'deadlineMs: 5'],
    ['yml', '# why\n{ deadlineMs: 5 }'],
    ['json', '{ "deadlineMs": 5 }'],
    ['js', 'export default { deadlineMs: 5 };'],
    ['js', 'module.exports = { deadlineMs: 5 };'],
    ['mjs', 'export default { deadlineMs: 5 };'],
    ['ts', 'const deadlineMs: number = 5;\nexport default { deadlineMs } as const;'],
    [
      'ts',
      "import { defineConfig } from '@weightseal/config';\nexport default defineConfig({ deadlineMs: 5 });",
    ],
    ['ts', "import { deadlineMs } from './other.ts';\nexport default { deadlineMs };"],
  ] as const)('%s: %s', async ([extension, text]) => {
    const name = `weightseal.config.${extension}`;
    await using folder = await Folder.with({
      [name]: text,
      'other.ts': 'export const deadlineMs: number = 5;',
    });
    const config = await folder.load({ path: name });
    expect([config.deadlineMs, config.path]).toEqual([5, join(folder.path, name)]);
  });
});

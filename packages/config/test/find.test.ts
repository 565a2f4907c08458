import { execFile } from 'node:child_process';
import { chmod, chown, lchown, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CONFIG_NAMES, findConfig, loadConfig, trustConfig } from '@weightseal/config';
import { describe, expect, test } from 'vitest';
import { Folder } from './support/folder.js';

const found = (folder: Folder, from: string, env: NodeJS.ProcessEnv = {}) =>
  findConfig({ cwd: `${folder.path}/${from}`, env: { ...folder.home, ...env } })?.replace(
    `${folder.path}/`,
    '',
  );
const trust = (folder: Folder, ...paths: string[]) =>
  Promise.all(paths.map((path) => trustConfig({ cwd: folder.path, path, env: folder.home })));

describe('a configuration is found', () => {
  test.for(CONFIG_NAMES.filter((name) => !/\.m?[jt]s$/.test(name)))('%s', async (name) => {
    await using folder = await Folder.with({ [name]: '{}' });
    await trust(folder, name);
    expect(found(folder, '.')).toBe(name);
  });

  test('and where there is none, it is told how to make one that needs not be named', async () => {
    await using folder = await Folder.with({});
    await expect(folder.load({})).rejects.toThrow(
      /make a weightseal\.config\.yaml there, or name one \(`path`,/,
    );
  });

  test('the nearest one above', async () => {
    await using folder = await Folder.with({
      'weightseal.config.yaml': '{}',
      'a/weightseal.config.json': '{}',
      'a/b/c/x': '',
      'd/weightseal.config.yaml/x': '',
    });
    await trust(folder, 'weightseal.config.yaml', 'a/weightseal.config.json');
    expect(found(folder, 'a/b/c')).toBe('a/weightseal.config.json');
    expect(found(folder, 'd')).toBe('weightseal.config.yaml');
    expect(found(folder, 'nowhere/at/all')).toBeUndefined();
  });

  test('above where the kernel is, and not where the path was written', async () => {
    await using folder = await Folder.with({
      'weightseal.config.yaml': '{}',
      'real/weightseal.config.yaml': '{}',
      'real/sub/x': '',
    });
    await trust(folder, 'weightseal.config.yaml', 'real/weightseal.config.yaml');
    await symlink('real/sub', join(folder.path, 'link'));
    expect(found(folder, 'link')).toBe('real/weightseal.config.yaml');
    expect(found(folder, 'link/..')).toBe('real/weightseal.config.yaml');
    expect((await folder.load({ path: 'link/../weightseal.config.yaml' })).path).toBe(
      join(folder.path, 'real/weightseal.config.yaml'),
    );
  });

  test('where WEIGHTSEAL_CONFIG says, instead', async () => {
    await using folder = await Folder.with({ 'weightseal.config.yaml': '{}', 'other.yaml': '' });
    expect(found(folder, '.', { WEIGHTSEAL_CONFIG: 'other.yaml' })).toBe('./other.yaml');
    await trust(folder, 'weightseal.config.yaml');
    expect(found(folder, '.', { WEIGHTSEAL_CONFIG: '' })).toBe('weightseal.config.yaml');
  });
});

describe('a configuration that was only found is not used', () => {
  test('when there are two in a directory', async () => {
    await using folder = await Folder.with({ 'weightseal.config.yaml': '', 'weightseal.config.ts': '' });
    expect(() => found(folder, '.')).toThrow(/config\.yaml, and there is .*config\.ts\. Keep one of them/);
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

  test('when it is a link that leads nowhere: one above would take its place', async () => {
    await using folder = await Folder.with({ 'weightseal.config.yaml': '{}', 'a/x': '' });
    await trust(folder, 'weightseal.config.yaml');
    await symlink('nothing', join(folder.path, 'a/weightseal.config.yaml'));
    expect(() => found(folder, 'a')).toThrow(
      /Could not read the configuration .*a\/weightseal\.config\.yaml/,
    );
  });

  test('when it is no file, and nobody waits for what it is instead', async () => {
    await using folder = await Folder.with({});
    await promisify(execFile)('mkfifo', [join(folder.path, 'weightseal.config.yaml')]);
    expect(() => found(folder, '.')).toThrow(/is no regular file/);
  });

  test('when it is larger than any', async () => {
    await using folder = await Folder.with({ 'weightseal.config.yaml': `#${' '.repeat(256 * 1024)}` });
    expect(() => found(folder, '.')).toThrow(/is larger than 256 KiB/);
    await expect(folder.load({ path: 'weightseal.config.yaml' })).rejects.toThrow(/is larger than 256 KiB/);
  });

  test.runIf(process.getuid?.() === 0)('when it belongs to somebody else (as root)', async () => {
    await using folder = await Folder.with({ 'weightseal.config.yaml': '' });
    await chown(join(folder.path, 'weightseal.config.yaml'), 12345, 12345);
    expect(() => found(folder, '.')).toThrow(/belongs to another user/);
  });

  test.runIf(process.getuid?.() === 0)('when a link of another leads to our file (as root)', async () => {
    await using folder = await Folder.with({ 'other.json': '{}' });
    const link = join(folder.path, 'weightseal.config.json');
    await symlink('other.json', link);
    await trust(folder, 'weightseal.config.json');
    expect(found(folder, '.')).toBe('weightseal.config.json');
    await lchown(link, 12345, 12345);
    expect(() => found(folder, '.')).toThrow(/belongs to another user/);
  });
});

describe('a configuration that is not there', () => {
  test.for(['c.yaml', 'c.json', 'c.ts', 'link.yaml'])(
    'named, is a pipe, and nobody waits for its other end: %s',
    async (name) => {
      await using folder = await Folder.with({});
      const pipe = join(folder.path, name.replace('link', 'pipe'));
      await promisify(execFile)('mkfifo', [pipe]);
      if (name === 'link.yaml') await symlink(pipe, join(folder.path, name));
      const refused = {
        code: 'CONFIG_INVALID',
        message: expect.stringContaining(`/${name} is no regular file; write`),
      };
      await expect(folder.load({ path: name })).rejects.toMatchObject(refused);
      await expect(folder.load({ env: { WEIGHTSEAL_CONFIG: name } })).rejects.toMatchObject(refused);
    },
  );

  test('named, is a device', async () => {
    await using folder = await Folder.with({});
    await symlink('/dev/zero', join(folder.path, 'c.yaml'));
    await expect(folder.load({ path: 'c.yaml' })).rejects.toThrow(/is no regular file/);
  });

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

describe('a name that cannot be', () => {
  test.for([
    ['', /is empty; name a file/],
    [
      'weightseal.config.yaml\r',
      /"weightseal\.config\.yaml\\r", ends with a line end, as a file .* of Windows/,
    ],
    ['.', /is a directory; name the configuration in it/],
    ['sub', /is a directory; name the configuration in it/],
    ['weightseal.config.yaml/', /Could not read the configuration .*weightseal\.config\.yaml\//],
    ['~/weightseal.config.yaml', /does not exist; check the path\. A ~ is for the shell to replace/],
    ['missing/../weightseal.config.yaml', /does not exist/],
  ] as const)('%j', async ([path, expected]) => {
    await using folder = await Folder.with({ 'weightseal.config.yaml': '{}', 'sub/x': '' });
    await expect(folder.load({ path })).rejects.toThrow(expected);
    if (path !== '')
      await expect(folder.load({ env: { WEIGHTSEAL_CONFIG: path } })).rejects.toThrow(expected);
  });

  test('of a profile, with a line end of Windows', async () => {
    await using folder = await Folder.with({ 'weightseal.config.yaml': 'profiles: { prod: {} }' });
    const env = { WEIGHTSEAL_PROFILE: 'prod\r', WEIGHTSEAL_CONFIG: 'weightseal.config.yaml' };
    await expect(folder.load({ env })).rejects.toThrow(
      /no profile "prod\\r"; did you mean prod\? The name ends with a line end/,
    );
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

import { describe, expect, test } from 'vitest';
import { Sandbox } from './support/cli.js';

const posix = process.platform !== 'win32';
const root = process.geteuid?.() === 0;
const HOME = 'mkdir -m 700 h';

/** The directories that Node has made for compiled code, after a command that worked. */
async function caches(
  prepare: string,
  env: string,
  command = 'weightseal keygen k -q',
): Promise<readonly string[]> {
  await using sandbox = await Sandbox.create();
  const made = await sandbox.run(`${prepare}; ${env} ${command} 2>&1`);
  expect(made).toMatchObject({ code: 0, stderr: '' });
  const { stdout } = await sandbox.run(`find . -type d -name 'v[0-9]*-*' -printf '%h\\n'`);
  return stdout.split('\n').filter(Boolean);
}

describe.runIf(posix)('compiled code is kept', () => {
  test.each([
    ['in a home that is ours alone', HOME, 'HOME=$PWD/h', './h/.cache/weightseal-compiled'],
    ['whatever the umask', `${HOME}; umask 002`, 'HOME=$PWD/h', './h/.cache/weightseal-compiled'],
    [
      'below a directory where all may write, and only the owner may move',
      `mkdir -m 1777 t; mkdir -m 700 t/h`,
      'HOME=$PWD/t/h',
      './t/h/.cache/weightseal-compiled',
    ],
    ['behind a link to a home', `${HOME}; ln -s h link`, 'HOME=$PWD/link', './h/.cache/weightseal-compiled'],
    [
      'but not where earlier versions did, by the umask',
      `${HOME}; mkdir -m 700 h/.cache; mkdir -m 777 h/.cache/weightseal`,
      'HOME=$PWD/h',
      './h/.cache/weightseal-compiled',
    ],
    [
      'where XDG_CACHE_HOME says',
      `${HOME}; umask 0`,
      'HOME=/nonexistent XDG_CACHE_HOME=$PWD/h/c',
      './h/c/weightseal-compiled',
    ],
  ])('%s', async (_, prepare, env, directory) => {
    expect(await caches(prepare, env)).toEqual([directory]);
  });

  test('in directories that nobody else can look into', async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.run(`${HOME}; umask 0; HOME=$PWD/h weightseal keygen k -q`);
    const { stdout } = await sandbox.run(`stat -c %a h/.cache h/.cache/weightseal-compiled`);
    expect(stdout).toBe('700\n700\n');
  });
});

describe.runIf(posix)('compiled code is not kept, and the command works', () => {
  test.each([
    ['where all may write to the home', 'mkdir -m 777 h'],
    ['where all may write to the home, though only owners may move', 'mkdir -m 1777 h'],
    ['where a group may write to the home', 'mkdir -m 770 h'],
    ['where all may move the home', 'mkdir -m 777 t; mkdir -m 700 t/h; ln -s t/h h'],
    ['where a group may write to the caches', `${HOME}; mkdir -m 775 h/.cache`],
    ['where the caches are a link', `${HOME}; mkdir -m 700 c; ln -s ../c h/.cache`],
    ['where others have been able to write', `${HOME}; mkdir -p -m 775 h/.cache/weightseal-compiled`],
    ['where others may look in', `${HOME}; mkdir -m 700 h/.cache; mkdir -m 755 h/.cache/weightseal-compiled`],
    ['where it is a link', `${HOME}; mkdir -m 700 h/.cache c; ln -s ../../c h/.cache/weightseal-compiled`],
    ['where it is a file', `${HOME}; mkdir -m 700 h/.cache; : > h/.cache/weightseal-compiled`],
    ['where there is no home', 'true'],
    ['where the home is a file', ': > h'],
  ])('%s', async (_, prepare) => {
    expect(await caches(prepare, 'HOME=$PWD/h')).toEqual([]);
  });

  test.each(['HOME=', 'HOME=.', 'HOME=h', 'HOME=/nonexistent', 'HOME=$PWD/h XDG_CACHE_HOME=$PWD/../open'])(
    'with %s',
    async (env) => {
      expect(await caches('mkdir -m 777 open; mkdir h; cd h; mkdir h', env)).toEqual([]);
    },
  );

  test.skipIf(!root).each([
    ['the home', `${HOME}; chown 65534 h`],
    ['what the home lies in', 'mkdir -m 755 t; mkdir -m 700 t/h; chown 65534 t; ln -s t/h h'],
    ['the caches', `${HOME}; mkdir -m 755 h/.cache; chown 65534 h/.cache`],
    [
      'the directory',
      `${HOME}; mkdir -m 700 h/.cache h/.cache/weightseal-compiled; chown 65534 h/.cache/weightseal-compiled`,
    ],
  ])('where somebody else owns %s (which only root can arrange)', async (_, prepare) => {
    expect(await caches(prepare, 'HOME=$PWD/h')).toEqual([]);
  });
});

import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  markedDirectory,
  type SealedDirectory,
  sealedBundle,
  writePlain,
} from '../test/support/sealed-bundle.js';
import { Child, CLI, type Held, holder, isRoot, outcomeOf, script } from './support/child.js';
import { markedPlaintext, under } from './support/marker.js';
import { MEMORY, MemoryPlace, MountedTmpfs, madeBy } from './support/place.js';

const { plaintext, marker } = markedPlaintext(1_000_000);
const USER = 1234;
const ATTACKER = 65_534;
const as = (id: number) => (id === 0 ? {} : { uid: id, gid: id });

/** A bundle that only this user can open, with what it holds beside it for that user; `0` is root. */
const bundles: Record<number, SealedDirectory & AsyncDisposable> = {};
const plainOf = (user: number) => join(bundles[user]!.directory, 'plain');
let runs = false;

beforeAll(async () => {
  if (!isRoot) return;
  for (const user of [0, USER]) {
    bundles[user] = await sealedBundle({ contents: markedDirectory(plaintext) });
    await writePlain(plainOf(user), bundles[user]!.contents);
    execFileSync('chown', ['-R', `${user}:${user}`, bundles[user]!.directory]);
  }
  const node = await outcomeOf([process.execPath, '--check', script('attack')], as(USER)).catch(
    () => undefined,
  );
  runs = node?.code === 0;
});
afterAll(async () => {
  for (const bundle of Object.values(bundles)) await bundle[Symbol.asyncDispose]();
});
beforeEach((context) => {
  if (isRoot && !runs) context.skip('other users cannot read Node or this repository here');
});

/** The words for `sh -c script sh {model} PLAIN`, run on the bundle of a user. */
function words(user: number, flags: readonly string[], shell: string): string[] {
  const { path, keyUri } = bundles[user]!;
  const run = [process.execPath, CLI, 'run', path, '--key', keyUri, '--quiet', ...flags, '--'];
  return [...run, 'sh', '-c', shell, 'sh', '{model}', plainOf(user)];
}

async function said(user: number, flags: readonly string[], shell: string): Promise<string> {
  await using child = new Child(words(user, flags, `exec 2>&1; ${shell}`), as(user));
  child.child.stdin!.end();
  const { stdout, stderr } = await child.ended;
  expect(stderr).toBe('');
  expect(madeBy(child.pid)).toEqual([]);
  return stdout;
}

async function attack(target: { pid: number; path: string }, user: number): Promise<readonly string[]> {
  using own = new MemoryPlace();
  const job = { ...target, places: [MEMORY, '/run'], own: own.path, marker };
  await using child = new Child([process.execPath, script('attack'), JSON.stringify(job)], as(user));
  return (await child.json<{ found: readonly string[] }>('attacked')).found;
}

const PLACES: Record<string, { where: string; flags: string[] }> = {
  'in a tmpfs of its own': { where: 'own', flags: ['--where', 'own'] },
  'on a tmpfs that is there': { where: 'existing', flags: ['--where', 'existing'] },
};
const USERS: [string, number][] = [
  ['root', 0],
  ['a user', USER],
];

describe.runIf(isRoot)('a directory in memory (as root)', () => {
  describe.each(USERS)('of %s', (_, user) => {
    describe.each(Object.entries(PLACES))('%s', (_place, { where, flags }) => {
      test('has what was sealed, and nothing else', async () => {
        const shell = 'diff -r "$1" "$2" && ls -A "$1" | wc -l; ls "$1/absent"';
        expect(await said(user, flags, shell)).toMatch(/^4\nls: .*No such file or directory\n$/);
      });

      test('is written to by nobody, unless beside the weights where that is allowed', async () => {
        const shell =
          'touch "$1/new" "$1/small/new"; echo x 2>&1 >>"$1/config.json"; rm -rf "$1/small" 2>/dev/null; diff -r "$1" "$2" && echo same';
        if (where === 'own' || user !== 0)
          expect(await said(user, flags, shell)).toMatch(/(?:(?:Read-only file system|denied)\n){3}same\n$/);
        const layered =
          'echo new >"$1/new"; mkdir "$1/small/deep"; rm -r "$1/small" && mkdir "$1/small" && ls -A "$1/small" | wc -l; cmp "$1/config.json" "$2/config.json" && cat "$1/new"';
        expect(await said(user, [...flags, '--writable-beside'], layered)).toBe('0\nnew\n');
      });

      test('is left by no signal that ends its command, and no plaintext of it', async () => {
        const shell = 'cp "$1"/*1-of* "$1/copy"; cp "$1/copy" "$XDG_CACHE_HOME/copy"; echo up; read -r _';
        const all = [...flags, '--writable-beside', '--private-caches'];
        await using child = new Child(words(user, all, shell), as(user));
        await child.said('up');
        child.child.kill('SIGTERM');
        await child.ended;
        expect(under(MEMORY, marker)).toEqual([]);
        expect(madeBy(child.pid)).toEqual([]);
      });
    });
  });

  describe.each(Object.entries(PLACES))('%s', (_, { where, flags }) => {
    test('is found by no other user', { timeout: 240_000 }, async () => {
      await using child = new Child(words(USER, flags, 'echo "pid $$"; echo "path $1"; read -r _'), as(USER));
      const pid = Number(await child.said('pid'));
      const path = join(await child.said('path'), 'small/tokens.bin');
      for (const target of [pid, child.pid])
        expect(await attack({ pid: target, path }, ATTACKER)).toEqual([]);
      // The same search by who may, or it would prove nothing.
      const found = await attack({ pid, path }, USER);
      expect(found).toContain(where === 'own' ? 'its root and path' : 'its path');
      child.tell('');
      expect((await child.ended).code).toBe(0);
    });

    test('is found by no other user of what a process has loaded', { timeout: 240_000 }, async () => {
      const { path, directory } = bundles[USER]!;
      const job = { path, keyFile: join(directory, 'key'), options: { where }, bytes: false };
      await using child = holder(job, as(USER));
      const held = await child.json<Held>('loaded');
      expect(held.placement).toMatchObject({
        kind: where === 'own' ? 'own-tmpfs' : 'tmpfs',
        nameless: false,
      });
      const target = { pid: held.pid, path: join(held.path, 'small/tokens.bin') };
      expect(await attack(target, ATTACKER)).toEqual([]);
      expect(await attack(target, USER)).toContain('its path');
      child.tell('dispose');
      expect(await child.said('disposed')).toBe('wiped');
      expect(under(MEMORY, marker)).toEqual([]);
    });
  });

  test('only root gives it to another user', async () => {
    const { code, stderr } = await outcomeOf(words(USER, ['--owner', '0'], 'true'), as(USER));
    expect([code, stderr]).toEqual([2, expect.stringMatching(/Only root can give/)]);
    const shell = `setpriv --reuid ${USER} --regid ${USER} --clear-groups sh -c 'cat "$1"/*.bin | wc -c' sh "$1"`;
    for (const { flags } of Object.values(PLACES))
      expect(await said(0, [...flags, '--owner', String(USER)], shell)).toBe('1700001\n');
  });

  test('of which there is only a part is that part', async () => {
    const only = ['--only', 'small/**', '--only', 'config.json'];
    expect(await said(USER, only, 'cd "$1" && find . -type f | sort')).toBe(
      './config.json\n./small/tokens.bin\n',
    );
  });

  test('needs room for its pages and its files, and says so before it is there', async () => {
    using few = new MountedTmpfs(tmpdir(), 'size=64m,nr_inodes=6');
    using small = new MountedTmpfs(tmpdir(), 'size=1m');
    for (const [place, why] of [
      [few, /room for only \d more/],
      [small, /The plaintext takes 1\.\d+ MiB/],
    ] as const) {
      const { stderr, code } = await outcomeOf(words(0, ['--directory', place.path], 'echo began'));
      expect([code, stderr]).toEqual([expect.any(Number), expect.stringMatching(why)]);
      expect(stderr).toMatch(/NO_SPACE/);
      expect(readdirSync(place.path)).toEqual([]);
    }
  });

  test('from which nothing can be executed is told of', async () => {
    using place = new MountedTmpfs(tmpdir(), 'size=64m,noexec');
    const at = words(0, ['--directory', place.path, '--allow-exec'], 'true').filter(
      (word) => word !== '--quiet',
    );
    expect((await outcomeOf(at)).stderr).toMatch(/nothing can be executed in the tmpfs/);
  });
});

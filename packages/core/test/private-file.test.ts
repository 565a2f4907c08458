import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  closedByDirectory,
  closedByMode,
  isOfAnother,
  isSecretPlace,
  type Self,
  swappable,
} from '../src/io/private/exposure.js';
import { type Step, stepsTo } from '../src/io/private/path-walk.js';
import { temporary } from './support/temporary.js';

const { path } = await temporary();
const SERVICE: Self = { uid: 1000, groups: [1000, 2000] };
const ROOT: Self = { uid: 0, groups: [0] };

const step = (kind: Step['kind'], uid: number, gid: number, mode: number): Step => {
  return { path: `/${kind}`, kind, uid, gid, mode, dev: 1, ino: 1 };
};
const directory = (uid: number, gid: number, mode: number) => step('directory', uid, gid, mode);

describe('a file is closed by its owner and mode', () => {
  it.each<[string, Self, number, number, number, boolean]>([
    ['ours alone', SERVICE, 1000, 1000, 0o600, true],
    ['ours alone, and can be run', SERVICE, 1000, 1000, 0o711, true],
    ['ours, which our group reads', SERVICE, 1000, 1000, 0o640, false],
    ['ours, which all read', SERVICE, 1000, 1000, 0o604, false],
    ["root's, given to a group of ours", SERVICE, 0, 2000, 0o440, true],
    ["root's, given to a group of ours that may write", SERVICE, 0, 2000, 0o460, false],
    ["root's, which an access list opened to us", SERVICE, 0, 0, 0o440, true],
    ["root's, which all read", SERVICE, 0, 2000, 0o444, false],
    ["root's, which all write", SERVICE, 0, 0, 0o402, false],
    ["root's, seen by root", ROOT, 0, 0, 0o440, true],
    ["root's, given to a service, seen by root", ROOT, 0, 2000, 0o440, false],
  ])('%s', (_what, me, uid, gid, mode, closed) => {
    expect(closedByMode({ uid, gid, mode }, me)).toBe(closed);
  });

  it('and belongs to another when neither we nor root own it', () => {
    const file = { gid: 0, mode: 0o600 };
    expect(isOfAnother({ uid: 1000, ...file }, SERVICE)).toBe(false);
    expect(isOfAnother({ uid: 0, ...file }, SERVICE)).toBe(false);
    expect(isOfAnother({ uid: 1001, ...file }, SERVICE)).toBe(true);
    expect(isOfAnother({ uid: 1000, ...file }, ROOT)).toBe(true);
  });
});

describe('a directory on the way closes a readable file', () => {
  const file = { uid: 0, gid: 0, mode: 0o444 };
  it.each<[string, Step, boolean]>([
    ['of ours, for nobody else', directory(1000, 1000, 0o700), true],
    ["of root's, for nobody else", directory(0, 0, 0o700), true],
    ["of root's, for a group of ours", directory(0, 2000, 0o750), true],
    ['of ours, for a group', directory(1000, 2000, 0o750), false],
    ['for all', directory(0, 0, 0o755), false],
    ["another's", directory(1001, 1001, 0o700), false],
    ['which is a link', step('link', 1000, 1000, 0o700), false],
  ])('%s', (_what, one, closes) => {
    const steps = [directory(0, 0, 0o755), one];
    expect(closedByDirectory(steps, file, SERVICE)).toBe(closes);
    expect(closedByDirectory(steps, { ...file, mode: 0o666 }, SERVICE)).toBe(false);
  });
});

describe('a stranger can put another file there', () => {
  it.each<[string, Step, boolean]>([
    ["through root's directory", directory(0, 0, 0o755), false],
    ['through a directory that all may write to', directory(0, 0, 0o777), true],
    ['through one that a group may write to', directory(0, 2000, 0o775), true],
    [
      'through one that all may write to, where each may only touch what is theirs',
      directory(0, 0, 0o1777),
      false,
    ],
    ['through a directory of their own', directory(1001, 0, 0o755), true],
    ['through a link of their own', step('link', 1001, 0, 0o777), true],
    ["through root's link", step('link', 0, 0, 0o777), false],
  ])('%s', (_what, one, can) => {
    expect(swappable([directory(0, 0, 0o755), one], SERVICE) !== undefined).toBe(can);
  });
});

it('secrets are delivered to /run/secrets, and to where systemd says', () => {
  const environment = { CREDENTIALS_DIRECTORY: '/run/credentials/model.service' };
  for (const one of ['/run/secrets/key', '/var/run/secrets/a/key', '/run/credentials/model.service/key'])
    expect(isSecretPlace(one, environment)).toBe(true);
  for (const one of ['/run/secretsx/key', '/etc/key', '/run/credentials/other/key'])
    expect(isSecretPlace(one, environment)).toBe(false);
  expect(isSecretPlace('/key', { CREDENTIALS_DIRECTORY: '' })).toBe(false);
});

describe('the way to a file', () => {
  it('is the way that the kernel goes: the parent of a link is that of where it leads', async () => {
    const [far, link] = [path('far'), path('link')];
    await mkdir(`${far}/in`, { recursive: true });
    await symlink(`${far}/in`, link);
    await writeFile(`${far}/key`, 'secret');
    const steps = await stepsTo(`${link}/../key`);
    expect(steps.at(-1)).toMatchObject({ path: `${far}/key`, kind: 'file' });
    expect(steps.map((one) => one.path)).toContain(link);
    expect(steps.map((one) => one.path)).toContain(`${far}/in`);
    expect(steps[0]).toMatchObject({ path: '/', kind: 'directory' });
  });

  it('that leads round in a circle has an end', async () => {
    const loop = path('loop');
    await symlink(loop, loop);
    await expect(stepsTo(loop)).rejects.toMatchObject({ code: 'ELOOP' });
  });
});

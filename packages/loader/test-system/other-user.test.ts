import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { sweep } from '@weightseal/loader';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { leftOut } from '../../core/test-system/support/thorough.js';
import { directoryName, MARK, thisProcess } from '../src/owner.js';
import { type SealedModel, sealedModel } from '../test/support/sealed-model.js';
import { Child, CLI, type Held, holder, isRoot, outcomeOf, script } from './support/child.js';
import { everything, markedPlaintext, under } from './support/marker.js';
import { MEMORY, MemoryPlace } from './support/place.js';

const { plaintext, marker } = markedPlaintext(1_000_000);
const DIGEST = createHash('sha256').update(plaintext).digest('hex');
const ATTACKER = 65_534;
const USER = 1234;
/** How often each kind of load is raced against; CI does it more often. */
const ROUNDS = Number(process.env['WEIGHTSEAL_ROUNDS'] ?? 20);
const as = (id: number) => (id === 0 ? {} : { uid: id, gid: id });

interface Attacked {
  readonly tried: number;
  readonly refused: number;
  readonly found: readonly string[];
}

/** A model that only this user can open; `0` is root. */
const models: Record<number, SealedModel & AsyncDisposable> = {};
/** Where the attacker writes. */
let own: string;
let runs = false;

beforeAll(async () => {
  if (!isRoot || leftOut) return;
  for (const user of [0, USER]) {
    const model = await sealedModel(0, { plaintext });
    for (const path of [model.directory, model.path, join(model.directory, 'key')])
      chownSync(path, user, user);
    models[user] = model;
  }
  own = mkdtempSync(join(tmpdir(), 'weightseal-attacker-'));
  chownSync(own, ATTACKER, ATTACKER);
  // Where only root can read what is checked out, nobody else can run it.
  const node = await outcomeOf([process.execPath, '--check', script('attack')], as(ATTACKER)).catch(
    () => undefined,
  );
  runs = node?.code === 0;
}, 60_000);
afterAll(async () => {
  for (const model of Object.values(models)) await model[Symbol.asyncDispose]();
  if (own) rmSync(own, { recursive: true, force: true });
});
beforeEach((context) => {
  if (leftOut) context.skip(leftOut);
  if (isRoot && !runs) context.skip('other users cannot read Node or this repository here');
});

const job = (user: number, options: object, more: object = {}) => ({
  path: models[user]!.path,
  keyFile: join(models[user]!.directory, 'key'),
  options,
  ...more,
});

async function attack(
  target: { pid: number; path: string },
  user: number,
  wrapper: readonly string[] = [],
  places: readonly string[] = [MEMORY, '/run', tmpdir()],
): Promise<Attacked> {
  const mine =
    user === ATTACKER ? own : dirname(target.path).startsWith('/proc') ? MEMORY : dirname(target.path);
  const command = [
    process.execPath,
    script('attack'),
    JSON.stringify({ ...target, places, own: mine, marker }),
  ];
  await using child = new Child([...wrapper, ...command], as(user));
  return await child.json<Attacked>('attacked');
}

/** As themselves, and as root of a user namespace of theirs, where the machine gives them one. */
async function nothingFor(target: { pid: number; path: string }): Promise<void> {
  const attacked = await attack(target, ATTACKER);
  expect(attacked.found).toEqual([]);
  expect(attacked.refused).toBeGreaterThan(60);
  const namespace = ['unshare', '--user', '--map-root-user', '--mount'];
  if ((await outcomeOf([...namespace, 'true'], as(ATTACKER))).code !== 0) return;
  expect((await attack(target, ATTACKER, namespace)).found).toEqual([]);
}

/** The attacker puts a directory in the place of the one that a loader has made. */
async function replace(place: MemoryPlace): Promise<void> {
  const command =
    'mv "$1" "$1.away" && mkdir -m 777 "$1" && echo other >"$1/model.onnx" && ! cat "$1.away/model.onnx" && echo replaced';
  const [name] = place.ours();
  const { stdout } = await outcomeOf(['sh', '-c', command, 'sh', place.at(name!)], as(ATTACKER));
  expect(stdout, 'the attack does what it is to do').toBe('replaced\n');
}

const PLACES: Record<string, { options: object; flags: string[] }> = {
  'in a tmpfs of its own': { options: { where: 'own' }, flags: ['--where', 'own', '--named'] },
  'in one of its own, without a name': {
    options: { where: 'own', nameless: true },
    flags: ['--where', 'own'],
  },
  'on a tmpfs that is there': { options: { where: 'existing' }, flags: ['--where', 'existing', '--named'] },
  'on one that is there, without a name': {
    options: { where: 'existing', nameless: true },
    flags: ['--where', 'existing'],
  },
};
/** Where each is to be found by who may: the control of the search. */
const CONTROL: Record<string, string[]> = {
  'in a tmpfs of its own': ['its descriptors', 'its directories', 'its memory', 'its path'],
  'in one of its own, without a name': ['its descriptors', 'its memory', 'its path'],
  'on a tmpfs that is there': [
    'a hard link',
    'its descriptors',
    'its memory',
    'its path',
    'its root and path',
    'looking around',
  ],
  'on one that is there, without a name': ['its descriptors', 'its memory', 'its path'],
};

describe.runIf(isRoot)('another user (as root)', () => {
  describe.each([
    ['root', 0],
    ['a user', USER],
  ])('cannot read what %s has loaded', (_, user) => {
    test.each(Object.entries(PLACES))('%s', async (place, { options }) => {
      await using child = holder(job(user, options, { bytes: true }), as(user));
      const { path, pid, placement } = await child.json<Held>('loaded');
      expect(placement.kind).toBe(place.includes('there') ? 'tmpfs' : 'own-tmpfs');
      await nothingFor({ pid, path });
      // The same search by who may, or it would prove nothing.
      expect((await attack({ pid, path }, user, [], [MEMORY])).found).toEqual(
        expect.arrayContaining(CONTROL[place]!),
      );
    });
  });

  describe.each([
    ['root', 0],
    ['a user', USER],
  ])('cannot read what a command of %s runs on', (_, user) => {
    test.each(Object.entries(PLACES))('%s', async (_place, { flags }) => {
      const model = models[user]!;
      const run = [process.execPath, CLI, 'run', model.path, '--key', model.keyUri, '--quiet', ...flags];
      const words = ['sh', '-c', 'echo "path $WEIGHTSEAL_MODEL_PATH"; echo "pid $$"; read -r _'];
      await using child = new Child([...run, '--', ...words], as(user));
      const pid = Number(await child.said('pid'));
      const path = await child.said('path');
      for (const target of [pid, child.pid]) {
        await nothingFor({ pid: target, path });
        const { found } = await attack({ pid: target, path }, user, [], [MEMORY]);
        expect(found).toContain('its descriptors');
      }
      child.tell('');
      expect((await child.ended).code).toBe(0);
    });
  });

  test('cannot replace what the path leads to, also where anybody may rename', async () => {
    using place = new MemoryPlace();
    chmodSync(place.path, 0o777);
    await using child = holder(job(0, { directory: place.path }));
    const { path } = await child.json<Held>('loaded');
    expect(path).toMatch(/^\/proc\/[0-9]+\/fd\/[0-9]+\/model\.onnx$/);
    await replace(place);
    child.tell('read');
    expect(await child.said('read')).toBe(DIGEST);
    child.tell('dispose');
    expect(await child.said('disposed')).toBe('wiped');
    expect(under(place.path, marker)).toEqual([]);
  });

  test('cannot replace it for a command either', async () => {
    using place = new MemoryPlace();
    chmodSync(place.path, 0o777);
    const { path, keyUri } = models[0]!;
    const run = [
      process.execPath,
      CLI,
      'run',
      path,
      '--key',
      keyUri,
      '--quiet',
      '--named',
      '--directory',
      place.path,
    ];
    const words = ['sh', '-c', 'echo up; read -r _; echo "read $(sha256sum <"$WEIGHTSEAL_MODEL_PATH")"'];
    await using child = new Child([...run, '--', ...words]);
    await child.said('up');
    await replace(place);
    child.tell('');
    expect(await child.said('read')).toMatch(new RegExp(`^${DIGEST}`));
    await child.ended;
    expect(under(place.path, marker)).toEqual([]);
  });

  test.each([
    ['sticky', 0o1777],
    ['not sticky', 0o777],
  ])('wins nothing by racing against loads in a shared directory that is %s', async (_, mode) => {
    using place = new MemoryPlace();
    chmodSync(place.path, mode);
    await using racing = new Child(
      [process.execPath, script('race'), JSON.stringify({ shared: place.path, own })],
      as(ATTACKER),
    );
    await racing.said('racing');
    for (const [user, options] of [
      [0, { directory: place.path }],
      [USER, { directory: place.path }],
      [USER, { directory: place.path, nameless: true }],
    ] as const) {
      const often = JSON.stringify(job(user, options, { times: ROUNDS, pause: 2 }));
      await using child = new Child([process.execPath, script('load-often'), often], as(user));
      const told = await child.json<{
        loaded: number;
        refused: Record<string, number>;
        digests: string[];
        unreadable: object;
      }>('told');
      const refused = Object.values(told.refused).reduce((sum, one) => sum + one, 0);
      expect(told.loaded + refused).toBe(ROUNDS);
      expect(Object.keys(told.refused).filter((code) => code !== 'IO_ERROR')).toEqual([]);
      // What was loaded is what the path leads to, every time.
      expect([told.digests, told.unreadable]).toEqual([told.loaded > 0 ? [DIGEST] : [], {}]);
      if (mode === 0o1777 || 'nameless' in options) expect(told.loaded).toBe(ROUNDS);
      expect(under(own, marker)).toEqual([]);
    }
    racing.tell('end');
    const { rounds, replaced } = await racing.json<{ rounds: number; replaced: number }>('raced');
    expect(rounds).toBeGreaterThan(ROUNDS);
    if (mode === 0o777) expect(replaced, 'the race was one').toBeGreaterThan(ROUNDS / 10);
    expect(under(place.path, marker)).toEqual([]);
    expect(existsSync(join(own, 'caught'))).toBe(false);
  });

  test('cannot have a sweep remove what is not ours', async () => {
    using place = new MemoryPlace();
    chmodSync(place.path, 0o1777);
    const { namespace } = await thisProcess();
    const dead = (random: string) =>
      place.at(directoryName({ namespace, pid: 4_194_303, started: '1' }, random));
    const victim = mkdtempSync(join(tmpdir(), 'weightseal-victim-'));
    try {
      writeFileSync(join(victim, 'precious'), 'x');
      const lookalikes = ['0'.repeat(16), '1'.repeat(16), '2'.repeat(16)].map(dead);
      const make =
        'mkdir "$1" && ln -s "$4/precious" "$1/model.onnx" && ln -s "$4" "$1/directory" && ln -s "$4" "$2" && echo x >"$3"';
      const made = await outcomeOf(['sh', '-c', make, 'sh', ...lookalikes, victim], as(ATTACKER));
      expect(made.code).toBe(0);
      // One that is ours, so that the sweep has begun at all, and has a link in it that leads out.
      const real = dead('3'.repeat(16));
      mkdirSync(real, { mode: 0o700 });
      symlinkSync(basename(real), join(real, MARK));
      symlinkSync(join(victim, 'precious'), join(real, 'link'));
      const before = lookalikes.flatMap((one) => [one, ...(existsSync(`${one}/.`) ? readdirSync(one) : [])]);
      expect(await sweep({ directories: [place.path], elsewhere: true })).toEqual({
        removed: [real],
        kept: [],
      });
      expect(place.ours().length).toBe(lookalikes.length);
      expect(lookalikes.flatMap((one) => [one, ...(existsSync(`${one}/.`) ? readdirSync(one) : [])])).toEqual(
        before,
      );
      expect(readFileSync(join(victim, 'precious'), 'utf8')).toBe('x');
    } finally {
      rmSync(victim, { recursive: true });
    }
  });

  test('cannot have a sweep empty a directory of ours by giving it such a name', async () => {
    using place = new MemoryPlace();
    // Without the sticky bit anybody may rename what is there, and not what is in it.
    chmodSync(place.path, 0o777);
    const precious = place.at('precious');
    mkdirSync(precious);
    writeFileSync(join(precious, 'file'), 'x');
    const { namespace } = await thisProcess();
    const name = place.at(directoryName({ namespace, pid: 4_194_303, started: '1' }, '4'.repeat(16)));
    expect((await outcomeOf(['mv', precious, name], as(ATTACKER))).code).toBe(0);
    await sweep({ directories: [place.path], elsewhere: true });
    expect(everything(place.path)).toContain(join(name, 'file'));
    renameSync(name, precious);
  });
});

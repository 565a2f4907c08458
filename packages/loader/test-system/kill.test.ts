import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sweep } from '@weightseal/loader';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { markedDirectory, type SealedDirectory, sealedBundle } from '../test/support/sealed-bundle.js';
import { type SealedModel, sealedModel } from '../test/support/sealed-model.js';
import { everything, markedPlaintext, onDisks, stampIn, under } from './support/marker.js';

const CLI = fileURLToPath(new URL('../../cli/dist/bin.js', import.meta.url));
const FOREVER = fileURLToPath(new URL('support/load-forever.mjs', import.meta.url));
const { plaintext, marker } = markedPlaintext(6_000_000);
/** Of each way, each at a moment of its own; .ci/run does it more often. */
const KILLS = Number(process.env['WEIGHTSEAL_KILLS'] ?? 4);
const MEMORY = '/dev/shm';

const started = new Set<number>();
let model: SealedModel & AsyncDisposable;
let bundle: SealedDirectory & AsyncDisposable;
let stamp: string;
beforeAll(async () => {
  model = await sealedModel(0, { plaintext });
  bundle = await sealedBundle({ contents: markedDirectory(plaintext) });
  stamp = stampIn(model.directory);
});
afterAll(async () => {
  await model[Symbol.asyncDispose]();
  await bundle[Symbol.asyncDispose]();
});

interface Way {
  readonly args: readonly string[];
  /** Whether it says that it has begun before the part that matters; else amid that. */
  readonly saysBefore: boolean;
  /** How long it goes on after that, in milliseconds. */
  readonly spread: number;
}

const library = (options: object): Way => ({
  args: [FOREVER, JSON.stringify({ path: 'MODEL', keyFile: 'KEY', options })],
  saysBefore: true,
  spread: 120,
});
const bundles = (way: Way): Way => ({
  ...way,
  args: way.args.map((word) =>
    word.replace('MODEL', 'BUNDLE').replace('KEY', 'BKEY').replace('cat {model}', 'cat {model}/*.bin'),
  ),
});
const command = (...flags: string[]): Way => ({
  args: [
    CLI,
    'run',
    'MODEL',
    '--key',
    'local:KEY',
    '--quiet',
    ...flags,
    '--',
    'sh',
    '-c',
    'echo begun; sleep 0.02; cat {model} >/dev/null; sleep 0.05',
  ],
  saysBefore: false,
  spread: 100,
});

const WAYS: Record<string, Way> = {
  'load into a tmpfs of its own': library({ where: 'own' }),
  'load without a name into one that is there': library({ where: 'existing', nameless: true }),
  'run in a mount namespace of its own': command('--where', 'own'),
  'run on a tmpfs that is there': command('--where', 'existing'),
  'load a bundle into a tmpfs of its own': bundles(library({ where: 'own' })),
  'run in a mount namespace of its own, on a bundle with a layer above it': bundles(
    command('--where', 'own', '--writable-beside', '--private-caches'),
  ),
};

function start({ args }: Way): ChildProcess {
  const words = args.map((word) =>
    word
      .replace('BUNDLE', bundle.path)
      .replace('BKEY', join(bundle.directory, 'key'))
      .replace('MODEL', model.path)
      .replace('KEY', join(model.directory, 'key')),
  );
  const child = spawn(process.execPath, words, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  started.add(child.pid!);
  return child;
}

/** How long it takes to begin on this machine now, with another beside it. */
async function timeToBegin(way: Way): Promise<number> {
  const one = async () => {
    const child = start(way);
    const before = performance.now();
    await once(child.stdout!, 'data');
    const took = performance.now() - before;
    await once(child, 'exit');
    return took;
  };
  return Math.max(...(await Promise.all([one(), one()])));
}

/** kill -9 of everything that it is and has started, at a random moment: within the time in which it usually begins, or else after that. */
async function killOne(way: Way, usually?: number): Promise<boolean> {
  const child = start(way);
  let begun = false;
  const saying = once(child.stdout!, 'data').then(() => {
    begun = true;
  });
  if (usually === undefined) await saying;
  await sleep(Math.random() * (usually === undefined ? way.spread : usually * 1.2));
  const exited = once(child, 'exit');
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // It had ended by itself.
  }
  if (child.exitCode === null && child.signalCode === null) await exited;
  return begun;
}

/** Two at a time: most of each is waiting. Says how many had begun. */
async function killMany(way: Way): Promise<number> {
  const usually = way.saysBefore ? undefined : await timeToBegin(way);
  let [kill, begun] = [0, 0];
  const lane = async () => {
    try {
      while (kill < KILLS) {
        if (await killOne(way, kill++ % 2 === 0 ? undefined : usually)) begun++;
        expect(under(MEMORY, marker)).toEqual([]);
        expect(under(model.directory, marker)).toEqual([]);
        expect(under(bundle.directory, marker)).toEqual([]);
      }
    } finally {
      kill = KILLS;
    }
  };
  await Promise.all([lane(), lane()]);
  return begun;
}

const sharedMemory = () => Number(/^Shmem:\s*(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;
/** Of the processes that were started here: others may be at work on the machine. */
const namespace =
  process.platform === 'linux' ? readlinkSync('/proc/self/ns/pid').replace(/[^0-9]/g, '') : '';
const ours = () =>
  readdirSync(MEMORY).filter((name) => {
    const [, of, pid] = /^weightseal-([0-9]+)-([0-9]+)-/.exec(name) ?? [];
    return of === namespace && started.has(Number(pid));
  });

describe.runIf(process.platform === 'linux' && process.geteuid?.() === 0)(
  'whatever is killed, and whenever, no plaintext is left (on Linux, as root)',
  () => {
    test('while processes have it, who looks through the disks and /dev/shm finds what was put there, and nothing of theirs', async () => {
      const planted = [join(tmpdir(), 'weightseal-planted'), join(MEMORY, 'weightseal-planted')] as const;
      const children = Object.values(WAYS).map((way) =>
        start({ ...way, args: way.args.map((word) => word.replace('sleep 0.02', 'sleep 30')) }),
      );
      try {
        await Promise.all(children.map((child) => once(child.stdout!, 'data')));
        for (const path of planted) writeFileSync(path, plaintext.subarray(0, 20_000));
        expect(under(MEMORY, marker)).toEqual([planted[1]]);
        expect(onDisks(marker, stamp)).toEqual([planted[0]]);
        expect(children.map(({ exitCode }) => exitCode)).toEqual(children.map(() => null));
      } finally {
        for (const path of planted) rmSync(path, { force: true });
        for (const child of children) process.kill(-child.pid!, 'SIGKILL');
        await Promise.all(children.map((child) => child.signalCode ?? once(child, 'exit')));
      }
    });

    test.each(Object.entries(WAYS))('%s', { timeout: 300_000 }, async (_, way) => {
      const before = sharedMemory();
      expect(await killMany(way)).toBeGreaterThan(KILLS / 5);
      // What there may be holds links only: our mark, and one that led to the descriptor.
      for (const path of ours().flatMap((name) => everything(join(MEMORY, name))))
        expect(lstatSync(path).isSymbolicLink()).toBe(true);
      // The kernel has freed the memory, soon: no file system that nobody sees holds on to it.
      await expect
        .poll(() => sharedMemory() - before, { timeout: 30_000, interval: 100 })
        .toBeLessThan(plaintext.length);
      await sweep();
      expect(ours().filter((name) => !readFileSync('/proc/self/mountinfo', 'utf8').includes(name))).toEqual(
        [],
      );
    });

    test.each([
      ['a file with a name', library({ where: 'existing' })],
      ['a bundle', bundles(library({ where: 'existing' }))],
      ['a bundle that a command runs on', bundles(command('--where', 'existing', '--private-caches'))],
    ])(
      '%s that a killed process has left on a tmpfs that is there goes with the next sweep',
      async (_, way) => {
        for (let kill = 0; kill < Math.min(KILLS, 10); kill++) await killOne(way);
        await sweep();
        expect(under(MEMORY, marker)).toEqual([]);
        expect(ours()).toEqual([]);
      },
    );

    test('and the disks hold nothing of it after all those kills', () => {
      expect(onDisks(marker, stamp)).toEqual([]);
    });
  },
);

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sweep } from '@weightseal/loader';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SealedModel, sealedModel } from '../test/support/sealed-model.js';
import { everything, markedPlaintext, onDisks, stampIn, under } from './support/marker.js';

const CLI = fileURLToPath(new URL('../../cli/dist/bin.js', import.meta.url));
const FOREVER = fileURLToPath(new URL('support/load-forever.mjs', import.meta.url));
const { plaintext, marker } = markedPlaintext(6_000_000);
/** In all more than two hundred, each at a moment of its own. */
const KILLS = 55;
const MEMORY = '/dev/shm';

const started = new Set<number>();
let model: SealedModel & AsyncDisposable;
let stamp: string;
beforeAll(async () => {
  model = await sealedModel(0, { plaintext });
  stamp = stampIn(model.directory);
});
afterAll(() => model[Symbol.asyncDispose]());

interface Way {
  readonly args: readonly string[];
  /** How long after it has said that it begins the part that matters is over, where it says so before that. */
  readonly spread?: number;
}

const library = (options: object): Way => ({
  args: [FOREVER, JSON.stringify({ path: 'MODEL', keyFile: 'KEY', options })],
  spread: 120,
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
});

const WAYS: Record<string, Way> = {
  'load into a tmpfs of its own': library({ where: 'own' }),
  'load without a name into one that is there': library({ where: 'existing', nameless: true }),
  'run in a mount namespace of its own': command('--where', 'own'),
  'run on a tmpfs that is there': command('--where', 'existing'),
};

function start({ args }: Way): ChildProcess {
  const words = args.map((word) =>
    word.replace('MODEL', model.path).replace('KEY', join(model.directory, 'key')),
  );
  const child = spawn(process.execPath, words, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  started.add(child.pid!);
  return child;
}

/** How long it takes to begin on this machine now, undisturbed. */
async function timeToBegin(way: Way): Promise<number> {
  const child = start(way);
  const before = performance.now();
  await once(child.stdout!, 'data');
  const took = performance.now() - before;
  await once(child, 'exit');
  return took;
}

/** kill -9 of everything that it is and has started, at a random moment around the one when it begins; says whether it had begun. */
async function killOne(way: Way, usually = 0): Promise<boolean> {
  const child = start(way);
  let begun = false;
  const saying = once(child.stdout!, 'data').then(() => {
    begun = true;
  });
  if (way.spread !== undefined) await saying;
  await sleep(way.spread === undefined ? usually * (0.3 + 1.2 * Math.random()) : Math.random() * way.spread);
  const exited = once(child, 'exit');
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // It had ended by itself.
  }
  if (child.exitCode === null && child.signalCode === null) await exited;
  return begun;
}

/** While a process has the plaintext, nobody who looks through the disks and /dev/shm finds it. */
async function searchWhileHeld(way: Way): Promise<void> {
  const child = start({ ...way, args: way.args.map((word) => word.replace('sleep 0.02', 'sleep 30')) });
  try {
    await once(child.stdout!, 'data');
    expect(under(MEMORY, marker)).toEqual([]);
    expect(onDisks(marker, stamp)).toEqual([]);
    expect(child.exitCode).toBeNull();
  } finally {
    process.kill(-child.pid!, 'SIGKILL');
    await once(child, 'exit');
  }
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

/** Hundreds of kills show what the kernel does, and not what a version of Node does. */
const inMatrix = process.env['WEIGHTSEAL_MATRIX'] === '1';

describe.runIf(process.platform === 'linux' && process.geteuid?.() === 0 && !inMatrix)(
  'whatever is killed, and whenever, no plaintext is left',
  () => {
    test('the search finds what is there', () => {
      const planted = [join(tmpdir(), 'weightseal-planted'), join(MEMORY, 'weightseal-planted')] as const;
      for (const path of planted) writeFileSync(path, plaintext.subarray(0, 20_000));
      try {
        expect(onDisks(marker, stamp)).toEqual([planted[0]]);
        expect(under(MEMORY, marker)).toEqual([planted[1]]);
      } finally {
        for (const path of planted) rmSync(path);
      }
    });

    test.each(Object.entries(WAYS))('%s', { timeout: 120_000 }, async (_, way) => {
      const before = sharedMemory();
      await searchWhileHeld(way);
      const usually = way.spread === undefined ? await timeToBegin(way) : 0;
      const begun: boolean[] = [];
      for (let kill = 0; kill < KILLS; kill++) {
        begun.push(await killOne(way, usually));
        expect(under(MEMORY, marker)).toEqual([]);
        expect(under(model.directory, marker)).toEqual([]);
      }
      expect(begun.filter(Boolean).length).toBeGreaterThan(KILLS / 5);
      // What there may be holds links only: our mark, and one that led to the descriptor.
      for (const path of ours().flatMap((name) => everything(join(MEMORY, name))))
        expect(lstatSync(path).isSymbolicLink()).toBe(true);
      expect(onDisks(marker, stamp)).toEqual([]);
      // The kernel has freed the memory: no file system that nobody sees holds on to it.
      for (let waited = 0; sharedMemory() - before > plaintext.length && waited < 5_000; waited += 100)
        await sleep(100);
      expect(sharedMemory() - before).toBeLessThan(plaintext.length);
      await sweep();
      expect(ours().filter((name) => !readFileSync('/proc/self/mountinfo', 'utf8').includes(name))).toEqual(
        [],
      );
    });

    test('a file with a name that a killed process has left goes with the next sweep', async () => {
      for (let kill = 0; kill < 10; kill++) await killOne(library({ where: 'existing' }));
      await sweep();
      expect(under(MEMORY, marker)).toEqual([]);
      expect(ours()).toEqual([]);
      expect(onDisks(marker, stamp)).toEqual([]);
    });
  },
);

import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type SweepOptions, type Swept, sweep } from '@weightseal/loader';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { directoryName, MARK, type Owner } from '../src/owner.js';
import { type SealedModel, sealedModel } from '../test/support/sealed-model.js';
import { Child, CLI, type Held, holder, isRoot, outcomeOf, script } from './support/child.js';
import { markedPlaintext, under } from './support/marker.js';
import { MemoryPlace } from './support/place.js';

const { plaintext, marker } = markedPlaintext(2_000_000);
const PYTHON = ['python3', '-c', 'import sys; sys.exit(0)'];

let model: SealedModel & AsyncDisposable;
let keyFile: string;
beforeAll(async () => {
  model = await sealedModel(0, { plaintext });
  keyFile = join(model.directory, 'key');
});
afterAll(() => model[Symbol.asyncDispose]());

const hold = (options: object, more: object = {}, wrapper: readonly string[] = []) =>
  holder({ path: model.path, keyFile, options, ...more }, {}, wrapper);

/** What holds the plaintext, by its name, in a place of its own. */
async function holding(place: MemoryPlace): Promise<{ child: Child; held: Held }> {
  const child = hold({ directory: place.path });
  const held = await child.json<Held>('loaded');
  expect(under(place.path, marker), 'the search finds what is there').toEqual([held.path]);
  expect(place.ours().length).toBe(1);
  return { child, held };
}

const command = (place: MemoryPlace, ...words: string[]): Child =>
  new Child([
    process.execPath,
    CLI,
    'run',
    model.path,
    '--key',
    `local:${keyFile}`,
    '--quiet',
    '--named',
    '--directory',
    place.path,
    '--',
    ...words,
  ]);

const cliSweep = async (...flags: string[]): Promise<Swept> =>
  JSON.parse((await outcomeOf([process.execPath, CLI, 'sweep', '--json', ...flags])).stdout) as Swept;

/** Both ways to sweep must do the same. */
const SWEEPS: Record<string, (place: MemoryPlace, options?: SweepOptions) => Promise<Swept>> = {
  'sweep()': (place, options) => sweep({ directories: [place.path], ...options }),
  'weightseal sweep': (place, options) =>
    cliSweep(place.path, ...(options?.elsewhere ? ['--elsewhere'] : [])),
};

function startOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!;
}

/** A directory as a loader would have left it. */
function leftBy(place: MemoryPlace, owner: Partial<Owner>): string {
  const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))![0];
  const whole = { namespace, pid: process.pid, started: startOf(process.pid), ...owner };
  const path = place.at(directoryName(whole, '0123456789abcdef'));
  mkdirSync(path, { mode: 0o700 });
  symlinkSync(basename(path), join(path, MARK));
  writeFileSync(join(path, 'model.onnx'), plaintext, { mode: 0o600 });
  return path;
}

const needsPython = async (context: TestContext) => {
  const works = await outcomeOf(PYTHON).catch(() => undefined);
  if (works?.code !== 0) context.skip('there is no python3 here to map a file with');
};
/** For a command that outlives what has started it: its standard input ends with that. */
const WAIT = 'for _ in $(seq 3000); do [ -e "$0/go" ] && break; sleep 0.02; done';
const MAP =
  'import mmap,sys; f=open(sys.argv[1],"rb"); m=mmap.mmap(f.fileno(),0,prot=mmap.PROT_READ); f.close(); print("mapped",flush=True); sys.stdin.readline(); print("equal" if m[:]==open(sys.argv[2],"rb").read() else "differs",flush=True)';

describe.runIf(isRoot)('a plaintext with a name, on a tmpfs that is there (as root)', () => {
  const ENDS: Record<string, { order: string; end: object }> = {
    'its block returns': { order: 'return', end: { code: 0, stdout: /ended/ } },
    'its block throws': { order: 'throw', end: { code: 0, stdout: /failed thrown/ } },
    'process.exit': { order: 'exit', end: { code: 3 } },
    'an uncaught exception': { order: 'uncaught', end: { code: 1, stderr: /Error: uncaught/ } },
    'an unhandled rejection': { order: 'reject', end: { code: 1, stderr: /Error: rejected/ } },
  };
  test.each(Object.entries(ENDS))('is gone after %s', async (_, { order, end }) => {
    using place = new MemoryPlace();
    const { child } = await holding(place);
    await using _child = child;
    child.tell(order);
    const { code, stdout, stderr } = await child.ended;
    const { code: expected, ...texts } = end as { code: number; stdout?: RegExp; stderr?: RegExp };
    expect(code).toBe(expected);
    if (texts.stdout) expect(stdout).toMatch(texts.stdout);
    if (texts.stderr) expect(stderr).toMatch(texts.stderr);
    expect(readdirSync(place.path)).toEqual([]);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('is gone after %s', async (signal) => {
    using place = new MemoryPlace();
    const { child } = await holding(place);
    await using _child = child;
    await child.kill(signal);
    expect((await child.ended).signal).toBe(signal);
    expect(readdirSync(place.path)).toEqual([]);
  });

  test('is gone when it was disposed of, while the process lives', async () => {
    using place = new MemoryPlace();
    const { child } = await holding(place);
    await using _child = child;
    child.tell('dispose');
    expect(await child.said('disposed')).toBe('wiped');
    expect(readdirSync(place.path)).toEqual([]);
  });

  test('is not overwritten when nobody can tell who uses it, for want of descriptors', async () => {
    const plain = join(model.directory, 'plain');
    writeFileSync(plain, plaintext);
    try {
      const job = JSON.stringify({ path: model.path, keyFile, plain });
      const limited = [
        'sh',
        '-c',
        'ulimit -n 64; exec "$@"',
        'sh',
        process.execPath,
        script('no-descriptors'),
      ];
      expect((await outcomeOf([...limited, job])).stdout).toBe('freed true\n');
    } finally {
      rmSync(plain);
    }
  });

  test.each([
    ['abort', 0, null],
    ['exit', 3, null],
    ['uncaught', 1, null],
    ['SIGTERM', null, 'SIGTERM'],
  ])('never appears when the load ends midway by %s', async (midway, code, signal) => {
    using place = new MemoryPlace();
    await using child = hold({ directory: place.path }, { midway });
    await child.said('midway');
    if (midway === 'abort') {
      expect(await child.said('failed')).toBe('ABORTED');
      expect(readdirSync(place.path), 'while the process lives').toEqual([]);
      child.tell('');
    }
    const outcome = await child.ended;
    expect(outcome).toMatchObject({ code, signal });
    expect(outcome.stdout).not.toMatch(/loaded/);
    expect(readdirSync(place.path)).toEqual([]);
  });

  test('is gone after SIGINT, SIGTERM or the end of a command that ran on it', async () => {
    for (const signal of ['SIGINT', 'SIGTERM', undefined] as const) {
      using place = new MemoryPlace();
      await using child = command(place, 'sh', '-c', 'echo "path $WEIGHTSEAL_MODEL_PATH"; read -r _');
      const path = await child.said('path');
      expect(under(place.path, marker)).toEqual([path]);
      if (signal) child.child.kill(signal);
      else child.tell('');
      const { code } = await child.ended;
      expect(code).toBe(signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 0);
      expect(readdirSync(place.path)).toEqual([]);
    }
  });
});

describe.runIf(isRoot)('what kill -9 has left (as root)', () => {
  test.each(Object.entries(SWEEPS))('%s removes, and not while the process lives', async (_, sweepIn) => {
    using place = new MemoryPlace();
    const { child, held } = await holding(place);
    await using _child = child;
    const path = dirname(held.path);
    expect(await sweepIn(place)).toEqual({ removed: [], kept: [{ path, why: 'lives' }] });
    expect(under(place.path, marker)).toEqual([held.path]);
    await child.kill();
    expect(under(place.path, marker), 'kill -9 leaves it').toEqual([held.path]);
    expect(await sweepIn(place)).toEqual({ removed: [path], kept: [] });
    expect(readdirSync(place.path)).toEqual([]);
  });

  test('goes although the number of the process is used again', async () => {
    using place = new MemoryPlace();
    const other = String(Number(startOf(process.pid)) + 1);
    const gone = leftBy(place, { started: other });
    const lives = leftBy(place, {});
    expect(await sweep({ directories: [place.path] })).toEqual({
      removed: [gone],
      kept: [{ path: lives, why: 'lives' }],
    });
    expect(place.ours().length).toBe(1);
  });

  test.each(Object.entries(SWEEPS))(
    '%s keeps what is of another PID namespace, unless told',
    async (_, sweepIn) => {
      using place = new MemoryPlace();
      const path = leftBy(place, { namespace: '1' });
      expect(await sweepIn(place)).toEqual({ removed: [], kept: [{ path, why: 'elsewhere' }] });
      expect(under(place.path, marker)).toHaveLength(1);
      expect(await sweepIn(place, { elsewhere: true })).toEqual({ removed: [path], kept: [] });
      expect(readdirSync(place.path)).toEqual([]);
    },
  );

  test('of a process in another PID namespace stays while that lives, and is used again there', async () => {
    using place = new MemoryPlace();
    const inside = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
    await using child = hold({ directory: place.path }, {}, inside);
    const held = await child.json<Held>('loaded');
    expect(held.pid).toBeLessThan(10);
    const kept = [{ path: dirname(held.path), why: 'elsewhere' }];
    expect(await sweep({ directories: [place.path] })).toEqual({ removed: [], kept });
    child.tell('read');
    expect(await child.said('read')).toMatch(/^[0-9a-f]{64}$/);
    child.tell('return');
    await child.ended;
    expect(readdirSync(place.path)).toEqual([]);
  });

  test('stays while a process maps it, also with elsewhere, and its bytes stay what they are', async (context) => {
    await needsPython(context);
    using place = new MemoryPlace();
    const plain = join(model.directory, 'plain');
    writeFileSync(plain, plaintext);
    try {
      const { child, held } = await holding(place);
      await using _child = child;
      await using mapping = new Child(['python3', '-c', MAP, held.path, plain]);
      await mapping.said('mapped');
      await child.kill();
      const path = dirname(held.path);
      const foreign = leftBy(place, { namespace: '1' });
      await using also = new Child(['python3', '-c', MAP, join(foreign, 'model.onnx'), plain]);
      await also.said('mapped');
      const swept = await sweep({ directories: [place.path], elsewhere: true });
      expect(swept.removed).toEqual([]);
      expect([...swept.kept].sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual(
        [path, foreign].sort().map((one) => ({ path: one, why: 'in-use' })),
      );
      for (const one of [mapping, also]) {
        one.tell('');
        await one.said('equal');
        await one.ended;
      }
      const { removed } = await sweep({ directories: [place.path], elsewhere: true });
      expect([...removed].sort()).toEqual([path, foreign].sort());
      expect(readdirSync(place.path)).toEqual([]);
    } finally {
      rmSync(plain);
    }
  });

  test('of `weightseal run` stays while the command lives on and has it open, and goes with the next sweep', async () => {
    using place = new MemoryPlace();
    const script = `echo up; ${WAIT}; wc -c <&3 >"$0/said"`;
    await using child = command(place, 'sh', '-c', script, place.path);
    await child.said('up');
    expect(under(place.path, marker)).toHaveLength(1);
    await child.kill();
    const { removed, kept } = await sweep({ directories: [place.path] });
    expect([removed, kept.map(({ why }) => why)]).toEqual([[], ['in-use']]);
    writeFileSync(place.at('go'), '');
    await child.ended;
    expect(readFileSync(place.at('said'), 'utf8').trim()).toBe(String(plaintext.length));
    expect((await sweep({ directories: [place.path] })).removed).toHaveLength(1);
    expect(place.ours()).toEqual([]);
  });
});

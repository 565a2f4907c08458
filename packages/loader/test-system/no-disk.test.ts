import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { leftOut } from '../../core/test-system/support/thorough.js';
import { markedDirectory, type SealedDirectory, sealedBundle } from '../test/support/sealed-bundle.js';
import { type SealedModel, sealedModel } from '../test/support/sealed-model.js';
import { CLI, isRoot, type Outcome, outcomeOf, script } from './support/child.js';
import { MemoryPlace } from './support/place.js';
import { parseTrace, type Trace, traced, whyNotTraced } from './support/trace.js';

const MARKER = randomBytes(8);
const SIZE = 2_000_000;
/** Segments end within it, threads share it, and each 16 bytes of it hold the marker. */
const plaintext = Buffer.alloc(SIZE);
for (let at = 0; at + 16 <= SIZE; at += 16) {
  MARKER.copy(plaintext, at);
  plaintext.writeUInt32LE(at, at + 8);
}
/** In a mount of no namespace, or of one that is not ours; of a bundle, in its directory there. */
const OWN = /^\/(?:[^/]+|(?:tiny-model|\.[0-9a-f]{16})\/.+)$/;

const why = leftOut ?? (isRoot ? whyNotTraced() : undefined);
let model: SealedModel & AsyncDisposable;
let bundle: SealedDirectory & AsyncDisposable;
let disk: string;
let keyFile: string;

beforeAll(async () => {
  if (!isRoot || why) return;
  model = await sealedModel(0, { plaintext });
  bundle = await sealedBundle({ contents: markedDirectory(plaintext) });
  keyFile = join(model.directory, 'key');
  // The one directory on a disk that can be written to.
  disk = mkdtempSync(join(tmpdir(), 'weightseal-disk-'));
  writeFileSync(join(disk, 'model.onnx'), plaintext);
});
afterAll(async () => {
  await model?.[Symbol.asyncDispose]();
  await bundle?.[Symbol.asyncDispose]();
  if (disk) rmSync(disk, { recursive: true });
});
beforeEach((context) => {
  if (why) context.skip(why);
});

async function trace(command: readonly string[]): Promise<Trace & Outcome> {
  // In memory, since nothing else can be written to there.
  using traces = new MemoryPlace();
  const out = traces.at('trace');
  const env = { ...process.env, TMPDIR: disk };
  const outcome = await outcomeOf(traced(out, disk, [process.execPath, ...command]), { env, cwd: '/' });
  expect(outcome, outcome.stderr).toMatchObject({ code: 0, stderr: '' });
  return { ...parseTrace(out, MARKER, OWN), ...outcome };
}

const place = (job: object) => trace([script('place-plaintext'), JSON.stringify({ keyFile, ...job })]);

/** Node's own, of compiled code. */
const unexpected = ({ opened }: Trace) =>
  opened.filter((path) => !/\/node-compile-cache\/|\/\.cache\/weightseal(?:-compiled)?\//.test(path));

describe.runIf(isRoot)('no byte of the plaintext is written to a disk (as root)', () => {
  test('the trace shows it where it is', async () => {
    const output = join(disk, 'opened');
    const shown = await place({ operation: 'open', input: model.path, output });
    expect(shown.onDisk.length).toBeGreaterThan(0);
    for (const path of shown.onDisk) expect(path.startsWith(`${disk}/`)).toBe(true);
    expect(unexpected(shown).length).toBeGreaterThan(0);
    rmSync(output);
  });

  test('by sealing, which writes what it seals alone', async () => {
    const output = join(disk, 'sealed');
    const shown = await place({ operation: 'seal', input: join(disk, 'model.onnx'), output });
    expect([shown.onDisk, shown.inMemory, shown.forbidden]).toEqual([[], [], []]);
    expect(unexpected(shown).length).toBeGreaterThan(0);
    for (const path of unexpected(shown)) expect(path.startsWith(`${disk}/`)).toBe(true);
    rmSync(output);
  });

  test('by opening to a path in memory', async () => {
    using memory = new MemoryPlace();
    const shown = await place({ operation: 'open', input: model.path, output: memory.at('opened') });
    expect(shown.onDisk).toEqual([]);
    expect(shown.forbidden).toEqual([]);
    expect(unexpected(shown)).toEqual([]);
    expect(shown.markers).toBeGreaterThanOrEqual(SIZE / 16);
  });

  const PLACES: Record<string, { options: object; where: RegExp; flags: string[] }> = {
    'a tmpfs of its own': { options: { where: 'own' }, where: OWN, flags: ['--where', 'own', '--named'] },
    'one of its own, without a name': {
      options: { where: 'own', nameless: true },
      where: OWN,
      flags: ['--where', 'own'],
    },
    'a tmpfs that is there': {
      options: { where: 'existing' },
      where: /^\/dev\/shm\//,
      flags: ['--where', 'existing', '--named'],
    },
    'one that is there, without a name': {
      options: { where: 'existing', nameless: true },
      where: /^\/dev\/shm\//,
      flags: ['--where', 'existing'],
    },
    'whatever is best': { options: {}, where: OWN, flags: [] },
  };

  test.each(Object.entries(PLACES))('by loading into %s', async (_, { options, where }) => {
    const shown = await place({ operation: 'load', input: model.path, options });
    expect(shown.stdout).toMatch(/^placed .*\ndone\n$/);
    expect([shown.onDisk, shown.forbidden, unexpected(shown)]).toEqual([[], [], []]);
    expect(shown.markers).toBeGreaterThanOrEqual(SIZE / 16);
    for (const path of shown.inMemory) expect(path).toMatch(where);
  });

  test.each(Object.entries(PLACES))('by running a command on it in %s', async (_, { where, flags }) => {
    const run = [CLI, 'run', model.path, '--key', model.keyUri, '--quiet', ...flags, '--'];
    const shown = await trace([...run, 'sh', '-c', 'cat {model} >/dev/null; wc -c <{model}']);
    expect(shown.stdout.trim()).toBe(String(SIZE));
    expect([shown.onDisk, shown.forbidden, unexpected(shown)]).toEqual([[], [], []]);
    const held = shown.inMemory.filter((path) => !/^\/dev\/null/.test(path));
    expect(shown.markers).toBeGreaterThanOrEqual(SIZE / 16);
    for (const path of held) expect(path).toMatch(where === OWN ? /^\/dev\/shm\/|^\/[^/]+$/ : where);
  });

  const DIRECTORIES: Record<string, { where: 'own' | 'existing'; seen: RegExp }> = {
    'a tmpfs of its own': { where: 'own', seen: new RegExp(`^/dev/shm/|${OWN.source}`) },
    'a tmpfs that is there': { where: 'existing', seen: /^\/dev\/shm\// },
  };
  const ALL = (SIZE + 700_000 + 20_000) / 16;

  test.each(Object.entries(DIRECTORIES))('by loading a bundle into %s', async (_, { where, seen }) => {
    const key = join(bundle.directory, 'key');
    const shown = await place({ operation: 'load', input: bundle.path, keyFile: key, options: { where } });
    expect([shown.onDisk, shown.forbidden, unexpected(shown)]).toEqual([[], [], []]);
    expect(shown.markers).toBeGreaterThanOrEqual(ALL);
    for (const path of shown.inMemory) expect(path).toMatch(seen);
  });

  test.each(Object.entries(DIRECTORIES))(
    'by running a command on one in %s, that can write beside it, and to its caches',
    async (_, { where, seen }) => {
      const flags = ['--where', where, '--writable-beside', '--private-caches'];
      const run = [CLI, 'run', bundle.path, '--key', bundle.keyUri, '--quiet', ...flags, '--'];
      const copies =
        'cp "$1/model-00001-of-00002.bin" "$1/engine"; cp "$1/engine" "$HF_HOME/copy"; cmp "$1/engine" "$HF_HOME/copy" && echo same';
      const shown = await trace([...run, 'sh', '-c', copies, 'sh', '{model}']);
      expect(shown.stdout).toBe('same\n');
      expect([shown.onDisk, shown.forbidden, unexpected(shown)]).toEqual([[], [], []]);
      expect(shown.markers).toBeGreaterThanOrEqual(ALL);
      for (const path of shown.inMemory.filter((path) => path !== '/dev/null')) expect(path).toMatch(seen);
    },
  );
});

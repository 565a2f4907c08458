import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
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
/** In a mount of no namespace, or of one that is not ours. */
const OWN = /^\/[^/]+$/;

const why = isRoot ? whyNotTraced() : undefined;
let model: SealedModel & AsyncDisposable;
let disk: string;
let keyFile: string;

beforeAll(async () => {
  if (!isRoot || why) return;
  model = await sealedModel(0, { plaintext });
  keyFile = join(model.directory, 'key');
  // The one directory on a disk that can be written to.
  disk = mkdtempSync(join(tmpdir(), 'weightseal-disk-'));
  writeFileSync(join(disk, 'model.onnx'), plaintext);
});
afterAll(async () => {
  await model?.[Symbol.asyncDispose]();
  if (disk) rmSync(disk, { recursive: true });
});
beforeEach((context) => {
  if (isRoot && why) context.skip(why);
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
  opened.filter((path) => !/\/node-compile-cache\/|\/\.cache\/weightseal\//.test(path));

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
});

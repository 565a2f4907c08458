import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect, MANIFEST_NAME, openReader, sealToFile, verify, verifyManifest } from '@weightseal/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { environmentWith } from './support/fake-ln.js';
import { Script, settledNames, Workplace } from './support/harness.js';
import { fixedKey } from './support/keys.mjs';
import { type Moment, moments } from './support/kills.js';
import { digestOf, holdsPlaintext, writePlaintext } from './support/plaintext.js';

const MIB = 1_048_576;
const A = fixedKey('a');
const FAT = ['fat1', 'fat2'].map((name) => fixedKey(name, 6000));
/** Sizes: one that runs on threads, and one that does not. */
const SIZES = { large: 14 * MIB + 7, small: MIB + 5 };
type Size = keyof typeof SIZES;
type State = 'absent' | 'old' | 'new';

interface Subject {
  readonly operation: string;
  /** What stands under the output's name before. */
  readonly old?: 'plain' | 'sealed';
  /** The state of a sealed output; throws when it is neither of both. */
  readonly state?: (path: string, size: Size) => Promise<State>;
  readonly input: 'plain' | 'sealed';
}

let place: Workplace;
const plain: Record<string, string> = {};
const ids: Record<string, string> = {};
const payloads: Record<string, string> = {};

beforeAll(async () => {
  place = new Workplace(200 * MIB);
  for (const [size, bytes] of Object.entries(SIZES)) {
    plain[size] = writePlaintext(place.at(`plain.${size}`), bytes, 1);
    plain[`old.${size}`] = writePlaintext(place.at(`old.plain.${size}`), bytes + 4321, 2);
    for (const name of [size, `old.${size}`]) {
      const input = place.at(name === size ? `plain.${size}` : `old.plain.${size}`);
      const sealed = place.at(name === size ? `sealed.${size}` : `old.sealed.${size}`);
      ids[name] = (await sealToFile(input, sealed, { keys: [A] })).id;
      payloads[name] = await payloadOf(sealed);
    }
  }
}, 60_000);

afterAll(() => place[Symbol.dispose]());

async function payloadOf(path: string): Promise<string> {
  const { sealedSize, size, segments } = await inspect(path);
  return digestOf(readFileSync(path).subarray(sealedSize - size - segments * 32 - 74));
}

async function sealedState(path: string, size: Size): Promise<State> {
  const { id, digest, digestVerified } = await verify(path, { keys: [A] });
  const old = id === ids[`old.${size}`];
  // A reseal keeps the plaintext and changes the id; a seal over a file changes both.
  expect([plain[size], plain[`old.${size}`]]).toContain(digest);
  expect(digestVerified).toBe(true);
  if (old) expect(digest).toBe(plain[`old.${size}`]);
  expect(holdsPlaintext(path)).toBe(false);
  return old ? 'old' : 'new';
}

async function rewrappedState(path: string, size: Size): Promise<State> {
  const { recipients } = await inspect(path);
  const uris = recipients.map(({ keyUri }) => keyUri);
  const added = [[], ['fixed:b'], FAT.map(({ uri }) => uri)].find(({ length }) => length === uris.length - 1);
  expect(uris).toEqual(['fixed:a', ...added!]);
  const others = { 'fixed:a': A, 'fixed:b': fixedKey('b'), 'fixed:fat1': FAT[0]!, 'fixed:fat2': FAT[1]! };
  for (const uri of uris as (keyof typeof others)[]) {
    await using reader = await openReader(path, { keys: [others[uri]] });
    expect(reader.size).toBe(SIZES[size] + 4321);
  }
  expect(await payloadOf(path)).toBe(payloads[`old.${size}`]);
  return uris.length > 1 ? 'new' : 'old';
}

function openedState(path: string, size: Size): Promise<State> {
  const digest = digestOf(readFileSync(path));
  expect([plain[size], plain[`old.${size}`]]).toContain(digest);
  return Promise.resolve(digest === plain[size] ? 'new' : 'old');
}

class Target {
  readonly directory: Workplace = new Workplace(100 * MIB);
  readonly output: string = this.directory.at('output');
  readonly #subject: Subject;
  readonly #size: Size;

  constructor(subject: Subject, size: Size) {
    this.#subject = subject;
    this.#size = size;
    if (!subject.old) return;
    const old = place.at(`old.${subject.old}.${size}`);
    copyFileSync(old, this.output);
    const manifest = `.${MANIFEST_NAME}`;
    if (existsSync(old + manifest)) copyFileSync(old + manifest, this.output + manifest);
  }

  start(options: ConstructorParameters<typeof Script>[2] = {}): Script {
    const { operation, input } = this.#subject;
    return new Script(
      'operate',
      { operation, input: place.at(`${input}.${this.#size}`), output: this.output },
      options,
    );
  }

  /** Whatever a crash left besides the output: must be nothing. */
  async strays(): Promise<string[]> {
    const names = await settledNames(this.directory.path, existsSync(this.output) ? ['output'] : []);
    return names.filter((name) => name !== 'output' && name !== `output.${MANIFEST_NAME}`);
  }

  /** What a crash left of the manifest: it comes after the sealed file. */
  async manifest(): Promise<'absent' | 'right' | 'of another'> {
    if (!existsSync(`${this.output}.${MANIFEST_NAME}`)) return 'absent';
    try {
      await verifyManifest(this.output);
      return 'right';
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'MANIFEST_MISMATCH') throw error;
      return 'of another';
    }
  }

  /** What a crash left under the output's name: checks all of it. */
  async state(): Promise<State> {
    const { old, state = openedState } = this.#subject;
    if (old || existsSync(this.output)) return state(this.output, this.#size);
    return 'absent';
  }
}

interface Times {
  /** Until all is written; 0 where nothing tells. */
  readonly written: number;
  readonly done: number;
}

/** How long an operation takes: the second time, when all that it reads has been read before. */
async function measure(subject: Subject, size: Size): Promise<Times> {
  if (subject.operation === 'rewrap') return { written: 0, done: 60 };
  let times: Times = { written: 0, done: 0 };
  for (let i = 0; i < 2; i++) {
    const target = new Target(subject, size);
    using _directory = target.directory;
    await using script = target.start();
    await script.reached('start');
    const start = performance.now();
    if (subject.operation !== 'grow') await script.reached('written');
    const written = subject.operation === 'grow' ? 0 : performance.now() - start;
    expect(await script.reached('done')).toBe(true);
    times = { written, done: performance.now() - start };
  }
  return times;
}

/** Half of the kills are spread over the whole operation, half between the last byte and a little after the end. */
function placed({ part, more }: Moment, kill: number, { written, done }: Times) {
  if (more || kill % 2 === 0 || written === 0) return { after: 'start', wait: part * done * 1.1 };
  return { after: 'written', wait: part * (done - written) * 1.3 };
}

const sealed: Pick<Subject, 'state' | 'input'> = { state: sealedState, input: 'plain' };
const inPlace = { old: 'sealed', input: 'plain' } as const;
const cases: readonly (readonly [string, Size, Subject])[] = [
  ['seal to a new file', 'large', { operation: 'seal', ...sealed }],
  ['seal a small file', 'small', { operation: 'seal', ...sealed }],
  ['seal over a file', 'large', { operation: 'sealOver', old: 'sealed', ...sealed }],
  ['open to a new file', 'large', { operation: 'open', input: 'sealed' }],
  ['open a small file', 'small', { operation: 'open', input: 'sealed' }],
  ['open over a file', 'large', { operation: 'openOver', old: 'plain', input: 'sealed' }],
  ['reseal', 'large', { operation: 'reseal', ...inPlace, state: sealedState }],
  ['rewrap with a larger area', 'large', { operation: 'grow', ...inPlace, state: rewrappedState }],
  ['rewraps without end', 'small', { operation: 'rewrap', ...inPlace, state: rewrappedState }],
];

describe.skipIf(process.platform !== 'linux')(
  'kill -9 at any moment leaves the old file or the new one, and nothing else (on Linux)',
  () => {
    test.each(cases)('%s (%s)', { timeout: 300_000 }, async (name, size, subject) => {
      const times = await measure(subject, size);
      const seen = { absent: 0, old: 0, new: 0, beforePromise: 0, halfMirrored: 0 };
      const missing = () => (seen.new === 0 ? 'late' : seen.old + seen.absent === 0 ? 'early' : undefined);
      const strays: string[] = [];
      let kill = 0;
      for (const moment of moments(missing)) {
        const { after, wait } = placed(moment, kill++, times);
        const target = new Target(subject, size);
        using _directory = target.directory;
        await using script = target.start();
        await script.reached(after);
        await sleep(wait);
        const promised = script.has('done');
        // Others are killed with what they started; an overwriting publish is two steps of which its helper does the second.
        await script.kill(subject.old === undefined && Math.random() < 0.5);
        strays.push(...(await target.strays()));
        const state = await target.state();
        seen[state]++;
        if (state === 'new' && !promised) seen.beforePromise++;
        if (promised) expect(state, 'what was promised').toBe('new');
        if (/^(?:seal|reseal)/.test(subject.operation)) {
          const manifest = await target.manifest();
          if (promised) expect(manifest, 'what was promised').toBe('right');
          if (state !== 'new')
            expect(manifest, 'before the sealed file').toBe(subject.old ? 'right' : 'absent');
        }
        if (subject.operation === 'rewrap' && !(await inspect(target.output)).copiesEqual)
          seen.halfMirrored++;
      }
      console.log(
        `kill -9 during ${name}: ${JSON.stringify(seen)}, normally ${times.written.toFixed(0)} + ${(times.done - times.written).toFixed(0)} ms`,
      );
      expect(strays, 'files that were left').toEqual([]);
      expect(seen.new, 'kills after the publish').toBeGreaterThan(0);
      expect(seen.old + seen.absent, 'kills before the publish').toBeGreaterThan(0);
    });

    const named = cases.filter(([, size, { operation }]) => size === 'large' && operation !== 'rewrap');
    test.each(named)(
      '%s (%s), killed around the link',
      { timeout: 120_000 },
      async (_name, size, subject) => {
        for (const moment of ['before', 'after'] as const) {
          const target = new Target(subject, size);
          using _directory = target.directory;
          const env = environmentWith(`one that kills ${moment}`, place.at(`ln-${moment}`));
          await using script = target.start({ env });
          expect(await script.reached('done'), 'the kill came in time').toBe(false);
          await script.kill();
          expect(await target.strays(), `files that a kill ${moment} the link left`).toEqual([]);
          const state = await target.state();
          // Who gives the name has the whole file by descriptors of its own, and does so whatever becomes of us.
          expect(state).toBe('new');
        }
      },
    );
  },
);

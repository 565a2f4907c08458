import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BundleReader, openBundle, verifyBundle } from '@weightseal/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Battleground, contentOf, context, keys, NAMES, refusable } from './support/battleground.js';
import { leftOut } from './support/thorough.js';

let ground: Battleground;

beforeAll(async () => {
  if (!leftOut) ground = await Battleground.make();
});

beforeEach((context) => {
  if (leftOut) context.skip(leftOut);
});

afterAll(() => {
  if (!leftOut) ground[Symbol.dispose]();
});

/** The ways out of a bundle: as a whole, which appears or does not, and piece by piece. */
const WHOLE = [
  (bundle: BundleReader, output: string) => bundle.openTo(output),
  (bundle: BundleReader, output: string) => bundle.openTo(output, { digest: true }),
];
const PIECES = [
  async (bundle: BundleReader, output: string) => {
    mkdirSync(output);
    await bundle.writeTo(output);
  },
  async (bundle: BundleReader, output: string) => {
    mkdirSync(join(output, 'sub/deep'), { recursive: true });
    for (const name of NAMES) {
      await using member = await bundle.open(name);
      writeFileSync(join(output, name), await member.read(0, member.size));
    }
  },
  async (bundle: BundleReader, output: string) => {
    mkdirSync(join(output, 'sub/deep'), { recursive: true });
    for (const name of NAMES)
      writeFileSync(join(output, name), Buffer.concat(await Array.fromAsync(bundle.stream(name))));
  },
];
const WAYS = [...WHOLE, ...PIECES];

describe('while somebody changes a bundle, all that comes of it is right, or nothing comes', () => {
  it.each([
    ['links and pipes for files', ['link', 'outside', 'pipe', 'gone']],
    ['other bytes in files', ['exchange', 'other', 'cut', 'extend', 'scribble']],
    ['links for directories', ['directory', 'moved', 'extra']],
  ])('%s', async (_what, kinds) => {
    const target = ground.at(`target-${kinds[0]}`);
    cpSync(ground.sound, target, { recursive: true });
    const expected = contentOf(ground.source);
    await ground.attacked({ target, kinds }, async (number) => {
      const parent = ground.at('parent');
      mkdirSync(parent);
      const output = join(parent, 'output');
      const way = number % WAYS.length;
      const done = await refusable(async () => {
        await using bundle = await openBundle(target, { keys, context, allowExtra: number % 3 === 0 });
        await WAYS[way]!(bundle, output);
      });
      if (done) expect(contentOf(output)).toEqual(expected);
      else if (way < WHOLE.length) expect(readdirSync(parent)).toEqual([]);
      else
        for (const [path, is] of Object.entries(contentOf(parent)))
          expectPartOf(is, expected[path.slice('output/'.length)]!);
      rmSync(parent, { recursive: true });
      return done;
    });
  });

  it('a verification tells no more than that', async () => {
    const target = ground.at('target-verify');
    cpSync(ground.sound, target, { recursive: true });
    const kinds = ['pipe', 'other', 'cut', 'directory', 'scribble'];
    await ground.attacked({ target, kinds }, () =>
      refusable(() => verifyBundle(target, { keys, context, allowExtra: true })),
    );
  });
});

/** What an early end leaves is authentic, and need not be the whole: large files are written piece by piece, and have holes then. */
function expectPartOf(is: string, whole: string): void {
  expect(is.length).toBeLessThanOrEqual(whole.length);
  const wrong = Array.from(is).findIndex((char, at) => char !== '\0' && char !== whole[at]);
  expect(wrong).toBe(-1);
}

import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBundle, rewrapBundle, sealBundle } from '@weightseal/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Attack,
  Battleground,
  contentOf,
  context,
  filesIn,
  keys,
  NAMES,
  refusable,
  SECRET,
} from './support/battleground.js';
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

describe('while somebody moves directories', () => {
  it.each([
    ['that an output is in', ['linked', 'moved'], ['parent', 'parent/inner'], false],
    // Whoever is quick refuses it; else it is reached by its descriptor, wherever it is.
    ['that are to become one', ['staging'], ['parent/inner'], true],
  ])('%s, it is there whole, or nothing of it is anywhere', async (_what, kinds, directories, harmless) => {
    const target = ground.at(`outputs-${kinds[0]}`);
    mkdirSync(join(target, 'parent/inner'), { recursive: true });
    const expected = contentOf(ground.source);
    await using reader = await openBundle(ground.sound, { keys, context });
    const attack = { target, kinds, directories, files: [], harmless };
    await ground.attacked(attack, async (_number, attacker, away) => {
      const done = await refusable(() => reader.openTo(join(target, 'parent/inner/output')));
      await attacker.paused(() => {
        // Wherever it is by now: what is above it is moved.
        const left = [target, away].flatMap((one) => filesIn(one).map((path) => join(one, path)));
        const [output] = new Set(left.map((path) => path.slice(0, path.lastIndexOf('/output/') + 7)));
        if (done) expect(contentOf(output!)).toEqual(expected);
        expect(left).toHaveLength(done ? NAMES.length : 0);
        if (output !== undefined) rmSync(output, { recursive: true });
      });
      return done;
    });
  });
});

it('while somebody puts a link to another envelope in its place, a rewrap changes its own, or none', async () => {
  const target = ground.at('target-rewrap');
  // The very same bundle, so that it would do as well.
  const other = ground.at('twin');
  for (const at of [target, other]) cpSync(ground.sound, at, { recursive: true });
  const before = contentOf(other);
  // A rewrap takes longer than most pauses: on some machines it would never be done.
  const attack = { target, kinds: ['linkToOther'], other, files: ['weightseal.json'], restMs: 50 };
  await ground.attacked(attack, () => refusable(() => rewrapBundle(target, { keys, context })));
  expect(contentOf(other)).toEqual(before);
});

describe('while somebody changes the directory that is sealed', () => {
  /** Tries, and looks at what comes of it. */
  async function sealing(
    from: string,
    attack: Attack,
    fits: (path: string, is: string) => boolean,
  ): Promise<void> {
    const [sealed, output] = [ground.at('sealed-meanwhile'), ground.at('opened-meanwhile')];
    await ground.attacked({ few: 15, ...attack }, async () => {
      const done = await refusable(() => sealBundle(from, sealed, { keys, resume: false }));
      if (!done) return false;
      await using reader = await openBundle(sealed, { keys });
      await reader.openTo(output, { digest: true });
      for (const [path, is] of Object.entries(contentOf(output))) {
        expect(is).not.toContain(SECRET);
        expect([path, fits(path, is)]).toEqual([path, true]);
      }
      rmSync(sealed, { recursive: true });
      rmSync(output, { recursive: true });
      return true;
    });
  }

  it('what is sealed is what was in it when it was looked at', async () => {
    const target = ground.at('target-source');
    cpSync(ground.source, target, { recursive: true });
    const was = [contentOf(ground.source), contentOf(ground.otherSource)];
    const attack = {
      target,
      kinds: ['outside', 'pipe', 'cut', 'extend', 'other', 'gone', 'directory', 'moved'],
      sound: ground.source,
      other: ground.otherSource,
      files: NAMES,
    };
    await sealing(target, attack, (path, is) =>
      was.some((one) => one[path]!.startsWith(is) || is === `${one[path]}more`),
    );
  });

  it('no link of a snapshot leads out of the blobs of its repository', async () => {
    const repository = ground.at('models--org--tiny');
    const snapshot = join(repository, 'snapshots/0123');
    mkdirSync(join(repository, 'blobs'), { recursive: true });
    mkdirSync(snapshot, { recursive: true });
    // Many, so that some are looked at while the blobs are not where they were. What is outside has the same names.
    const names = Array.from({ length: 100 }, (_, index) => `blob-${index}`);
    for (const name of names) {
      writeFileSync(join(repository, 'blobs', name), name);
      symlinkSync(`../../blobs/${name}`, join(snapshot, name));
    }
    const attack = {
      target: repository,
      kinds: ['directory'],
      directories: ['blobs'],
      files: [],
      names,
      restMs: 200,
    };
    await sealing(snapshot, attack, (path, is) => is === path);
  });

  it('what an older bundle lends is what it was', async () => {
    const target = ground.at('target-reuse');
    cpSync(ground.sound, target, { recursive: true });
    const sealed = ground.at('sealed-with');
    const attack = { target, kinds: ['pipe', 'link', 'exchange', 'gone', 'directory'], few: 8 };
    await ground.attacked(attack, async () => {
      const options = { keys, context, reuse: target, resume: false };
      const done = await refusable(() => sealBundle(ground.source, sealed, options));
      if (!done) return false;
      await using reader = await openBundle(sealed, { keys, context });
      const output = ground.at('opened-with');
      await reader.openTo(output);
      expect(contentOf(output)).toEqual(contentOf(ground.source));
      rmSync(output, { recursive: true });
      rmSync(sealed, { recursive: true });
      return true;
    });
  });
});

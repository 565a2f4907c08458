import { cpSync } from 'node:fs';
import { isWeightsealError } from '@weightseal/core';
import { load } from '@weightseal/loader';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  Battleground,
  contentOf,
  context,
  keys,
  refusable,
} from '../../core/test-system/support/battleground.js';
import { leftOut } from '../../core/test-system/support/thorough.js';
import { madeBy } from './support/place.js';

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

describe('while somebody changes a bundle', () => {
  it.for(['own', 'existing'] as const)(
    'what is loaded into a tmpfs (%s) is right, or nothing is',
    async (where, test) => {
      const target = ground.at(`target-${where}`);
      cpSync(ground.sound, target, { recursive: true });
      const sound = await load(target, { keys, context, where }).catch((error: unknown) => {
        if (isWeightsealError(error) && error.code === 'MEMORY_FS_REQUIRED') return undefined;
        throw error;
      });
      if (!sound) return test.skip('no tmpfs of its own can be mounted here');
      await sound[Symbol.asyncDispose]();
      const expected = contentOf(ground.source);
      const kinds = ['link', 'outside', 'pipe', 'other', 'cut', 'scribble', 'directory', 'moved'];
      await ground.attacked({ target, kinds, few: 12 }, (number) =>
        refusable(async () => {
          await using model = await load(target, { keys, context, where, allowExtra: number % 2 === 0 });
          expect(contentOf(model.path)).toEqual(expected);
        }),
      );
      expect(madeBy(process.pid)).toEqual([]);
    },
  );
});

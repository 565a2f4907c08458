import assert from 'node:assert/strict';
import type { WrappedKey } from '@weightseal/core';
import { CONTEXT, newDataKey } from '../check.js';
import type { WrapperCase } from '../types.js';

const nonsense: readonly Partial<WrappedKey>[] = [
  { keyUri: '' },
  { keyUri: 'no URI' },
  { keyVersion: 'no such version' },
  { keyVersion: '../../etc/passwd' },
  { algorithm: '' },
  { ciphertext: new Uint8Array() },
  { ciphertext: new Uint8Array(6144) },
];

/** What a wrapper says of slots, where it says anything: `fits` and `effort` are pure, and a hostile file is what they look at. */
export const judgingCases: readonly WrapperCase[] = [
  {
    title: 'it takes its own wraps for its own',
    async run({ wrapper }) {
      const wrapped = await wrapper.wrap(newDataKey(), CONTEXT);
      assert.equal(wrapper.fits?.(wrapped) ?? true, true, 'fits says that a wrap of its own is of another');
      const effort = wrapper.effort?.(wrapped) ?? 0;
      assert.ok(effort >= 0 && effort <= 2 ** 30, 'an unwrap of its own costs more than a file may');
    },
  },
  {
    title: 'it judges nonsense without failing, and at once',
    async run({ wrapper }) {
      const wrapped = await wrapper.wrap(newDataKey(), CONTEXT);
      for (const change of nonsense) {
        const slot = { ...wrapped, ...change };
        const { length } = slot.ciphertext;
        if (wrapper.fits) assert.equal(typeof wrapper.fits(slot), 'boolean', 'fits gave no boolean');
        if (wrapper.effort) assert.ok(wrapper.effort(slot) >= 0, 'effort gave no number');
        assert.equal(slot.ciphertext.length, length);
      }
      if (wrapper.fits) {
        const foreign = { ...wrapped, algorithm: `${wrapped.algorithm}x` };
        assert.equal(wrapper.fits(foreign), false, 'fits takes another algorithm for its own');
      }
    },
  },
];

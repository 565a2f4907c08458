import assert from 'node:assert/strict';
import type { Context, KeyWrapper, WrappedKey } from '@weightseal/core';
import { assertCode, assertKeyError, assertSameBytes, CONTEXT, newDataKey, rejection } from '../check.js';
import type { WrapperCase } from '../types.js';

// Each pair has collided in some encoding of a context: joined, trimmed, folded, normalised or defaulted.
const confusable: readonly (readonly [Context, Context])[] = [
  [{ a: 'b' }, {}],
  [{}, { a: '' }],
  [{ a: 'b' }, { a: 'c' }],
  [{ a: 'bc' }, { ab: 'c' }],
  [{ a: 'b' }, { a: 'b', c: '' }],
  [
    { a: 'b', c: 'd' },
    { a: 'd', c: 'b' },
  ],
  [{ a: 'b', c: 'd' }, { a: 'b,c=d' }],
  [{ a: 'b=c' }, { 'a=b': 'c' }],
  [{ a: 'b' }, { a: 'B' }],
  [{ a: 'b' }, { A: 'b' }],
  [{ a: 'b' }, { a: 'b ' }],
  [{ a: '1' }, { a: '01' }],
  [{ a: '\u00e9' }, { a: 'e\u0301' }],
];

export const bindingCases: readonly WrapperCase[] = [
  {
    title: 'a wrap opens with its own context only',
    needs: ['context'],
    async run({ wrapper }, patienceMs) {
      for (const [one, other] of confusable) {
        await refusesOther(wrapper, one, other, patienceMs);
        await refusesOther(wrapper, other, one, patienceMs);
      }
    },
  },
  {
    title: 'a context beyond the limits is refused',
    needs: ['context'],
    async run({ wrapper }, patienceMs) {
      for (const context of [{ big: 'x'.repeat(4096) }, { '': 'x' }, { a: '\u0000' }, { a: '\ud800' }]) {
        const error = await rejection(wrapper.wrap(newDataKey(), context), 'a bad context', patienceMs);
        assertCode(error, 'a bad context', 'CONTEXT_INVALID');
      }
    },
  },
  {
    title: 'another key does not open the wrap',
    needs: ['otherKey'],
    async run({ wrapper, otherKey }, patienceMs) {
      const what = 'unwrapping with another key';
      const wrapped = await wrapper.wrap(newDataKey(), CONTEXT);
      // Also when it says that it is that key's: a file says what it likes.
      for (const keyUri of [wrapped.keyUri, otherKey.uri]) {
        const error = await rejection(otherKey.unwrap({ ...wrapped, keyUri }, CONTEXT), what, patienceMs);
        assertKeyError(error, what);
      }
    },
  },
  {
    title: 'a change of any byte of the wrap is refused',
    async run({ wrapper }, patienceMs) {
      const wrapped = await wrapper.wrap(newDataKey(), CONTEXT);
      for (let i = 0; i < wrapped.ciphertext.length; i++) {
        const ciphertext = Uint8Array.from(wrapped.ciphertext);
        ciphertext[i]! ^= 1 << (i % 8);
        await refuses(wrapper, { ...wrapped, ciphertext }, `a wrap with byte ${i} changed`, patienceMs);
      }
    },
  },
  {
    title: 'a cut or extended wrap is refused',
    async run({ wrapper }, patienceMs) {
      const wrapped = await wrapper.wrap(newDataKey(), CONTEXT);
      const { length } = wrapped.ciphertext;
      for (let i = 0; i < length; i++) {
        const cut = { ...wrapped, ciphertext: wrapped.ciphertext.slice(0, i) };
        await refuses(wrapper, cut, `a wrap cut to ${i} of ${length} bytes`, patienceMs);
      }
      for (const extra of [1, 16, 4096]) {
        const ciphertext = new Uint8Array(length + extra);
        ciphertext.set(wrapped.ciphertext);
        await refuses(wrapper, { ...wrapped, ciphertext }, `a wrap with ${extra} bytes more`, patienceMs);
      }
    },
  },
  {
    title: 'a changed label never yields other bytes',
    async run({ wrapper }, patienceMs) {
      const dataKey = newDataKey();
      const wrapped = await wrapper.wrap(dataKey, CONTEXT);
      const { keyVersion, algorithm } = wrapped;
      for (const change of [
        { keyVersion: `${keyVersion}1` },
        { keyVersion: keyVersion.slice(0, -1) },
        { keyVersion: 'no such version' },
        { algorithm: `${algorithm}x` },
      ]) {
        const call = wrapper.unwrap({ ...wrapped, ...change }, CONTEXT);
        // Where the ciphertext names its key by itself, the labels may go unread.
        const same = await call.then(
          (bytes) => Buffer.compare(bytes, dataKey) === 0,
          () => false,
        );
        if (!same) await refusedCall(call, `the label ${JSON.stringify(change)}`, patienceMs);
      }
    },
  },
  {
    title: 'the wrap still opens after all those refusals',
    async run({ wrapper }, patienceMs) {
      const dataKey = newDataKey();
      const wrapped = await wrapper.wrap(dataKey, CONTEXT);
      const ciphertext = Uint8Array.from(wrapped.ciphertext, (byte) => byte ^ 255);
      await refuses(wrapper, { ...wrapped, ciphertext }, 'a wrap with all bytes changed', patienceMs);
      assertSameBytes(await wrapper.unwrap(wrapped, CONTEXT), dataKey, 'other bytes came back');
    },
  },
];

async function refusesOther(wrapper: KeyWrapper, one: Context, other: Context, patienceMs: number) {
  const what = `${JSON.stringify(one)} opened with ${JSON.stringify(other)}`;
  const wrapped = await wrapper.wrap(newDataKey(), one);
  const error = await rejection(wrapper.unwrap(wrapped, other), what, patienceMs);
  assertCode(error, what, 'UNWRAP_REJECTED');
}

async function refuses(wrapper: KeyWrapper, wrapped: WrappedKey, what: string, patienceMs: number) {
  await refusedCall(wrapper.unwrap(wrapped, CONTEXT), what, patienceMs);
}

async function refusedCall(call: Promise<Uint8Array>, what: string, patienceMs: number) {
  const error = await rejection(call, what, patienceMs);
  assertKeyError(error, what);
  // Someone who edits a wrap must not be able to make a sound key look like an outage worth retrying.
  assert.notEqual(error.code, 'KEY_TIMEOUT', `${what} ran into the deadline`);
}

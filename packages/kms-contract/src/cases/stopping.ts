import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import type { KeyCallOptions, KeyWrapper, WrappedKey } from '@weightseal/core';
import { assertCode, assertSameBytes, CONTEXT, newDataKey, rejection } from '../check.js';
import type { WrapperCase } from '../types.js';

const ABORT_AFTER_MS = 20;
/** A person who pressed Ctrl-C takes this for at once. */
const PROMPT_MS = 1000;

export const stoppingCases: readonly WrapperCase[] = [
  {
    title: 'a signal that has fired ends both calls before they start',
    async run({ wrapper }, patienceMs) {
      const wrapped = await wrapper.wrap(newDataKey(), CONTEXT);
      const reason = new Error('the caller changed its mind');
      for (const [what, call] of calls(wrapper, wrapped)) {
        const error = await rejection(
          call({ signal: AbortSignal.abort(reason) }),
          `${what}, aborted`,
          patienceMs,
        );
        assertCode(error, `${what}, aborted`, 'ABORTED');
        assert.ok(error.cause === reason, `${what}: the reason of the abort is not the cause of the error`);
      }
    },
  },
  {
    title: 'a signal that fires meanwhile ends both calls at once',
    needs: ['slow'],
    async run({ wrapper, slow }) {
      const wrapped = await wrapper.wrap(newDataKey(), CONTEXT);
      const reason = new Error('the caller changed its mind');
      for (const [what, call] of calls(slow, wrapped)) {
        const controller = new AbortController();
        const timer = setTimeout(() => controller.abort(reason), ABORT_AFTER_MS);
        const { signal } = controller;
        const error = await rejection(call({ signal }), `${what}, aborted meanwhile`, PROMPT_MS);
        clearTimeout(timer);
        assertCode(error, `${what}, aborted meanwhile`, 'ABORTED');
        assert.ok(error.cause === reason, `${what}: the reason of the abort is not the cause of the error`);
      }
    },
  },
  {
    title: 'a signal that never fires changes nothing and keeps no listener',
    async run({ wrapper }) {
      const { signal } = new AbortController();
      const dataKey = newDataKey();
      const wrapped = await wrapper.wrap(dataKey, CONTEXT, { signal });
      assertSameBytes(await wrapper.unwrap(wrapped, CONTEXT, { signal }), dataKey, 'other bytes came back');
      assert.equal(getEventListeners(signal, 'abort').length, 0, 'a listener was left on the signal');
    },
  },
  {
    title: 'a backend that never answers ends both calls at their deadline',
    needs: ['slow'],
    async run({ wrapper, slow }, patienceMs) {
      const wrapped = await wrapper.wrap(newDataKey(), CONTEXT);
      const timeouts = calls(slow, wrapped).map(async ([what, call]) => {
        const error = await rejection(call({}), `${what} with no answer`, patienceMs);
        assertCode(error, `${what} with no answer`, 'KEY_TIMEOUT');
      });
      await Promise.all(timeouts);
    },
  },
];

type Call = (options: KeyCallOptions) => Promise<unknown>;

function calls(wrapper: KeyWrapper, wrapped: WrappedKey): readonly (readonly [string, Call])[] {
  return [
    ['wrap', (options) => wrapper.wrap(newDataKey(), CONTEXT, options)],
    ['unwrap', (options) => wrapper.unwrap({ ...wrapped, keyUri: wrapper.uri }, CONTEXT, options)],
  ];
}

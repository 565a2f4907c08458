import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import type { ErrorCode, KeyCallOptions, Signer } from '@weightseal/core';
import { assertCode, inTime, rejection } from '../check.js';
import { findSecret } from '../find-secret.js';
import type { SignerCase } from './types.js';

const ABORT_AFTER_MS = 20;
/** A person who pressed Ctrl-C takes this for at once. */
const PROMPT_MS = 1000;
const MESSAGE = Uint8Array.from(Buffer.from('a model'));

type Call = (options: KeyCallOptions) => Promise<unknown>;

function calls(signer: Signer): readonly (readonly [string, Call])[] {
  return [
    ['publicKey', (options) => signer.publicKey(options)],
    ['sign', (options) => signer.sign(MESSAGE, options)],
  ];
}

export const stoppingCases: readonly SignerCase[] = [
  {
    title: 'a signal that has fired ends both calls before they start',
    async run({ signer }, patienceMs) {
      const reason = new Error('the caller changed its mind');
      const signal = AbortSignal.abort(reason);
      const refused = async () => {
        for (const [what, call] of calls(signer)) {
          const error = await rejection(call({ signal }), `${what}, aborted`, patienceMs);
          assertCode(error, `${what}, aborted`, 'ABORTED');
          assert.ok(error.cause === reason, `${what}: the reason of the abort is not the cause of the error`);
        }
      };
      await refused();
      // Now that the public key is there, too.
      await signer.publicKey();
      await refused();
    },
  },
  {
    title: 'a signal that fires meanwhile ends both calls at once',
    needs: ['slow'],
    async run({ slow }) {
      const reason = new Error('the caller changed its mind');
      for (const [what, call] of calls(slow)) {
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
    async run({ signer }) {
      const { signal } = new AbortController();
      await signer.publicKey({ signal });
      await signer.sign(MESSAGE, { signal });
      assert.equal(getEventListeners(signal, 'abort').length, 0, 'a listener was left on the signal');
    },
  },
  {
    title: 'a backend that never answers ends both calls at their deadline',
    needs: ['slow'],
    async run({ slow }, patienceMs) {
      const timeouts = calls(slow).map(async ([what, call]) => {
        const error = await rejection(call({}), `${what} with no answer`, patienceMs);
        assertCode(error, `${what} with no answer`, 'KEY_TIMEOUT');
      });
      await Promise.all(timeouts);
    },
  },
];

const expected = [
  ['missing', 'KEY_NOT_FOUND', 'a key that does not exist'],
  ['denied', 'KEY_DENIED', 'a key that the caller may not use'],
  ['disabled', 'KEY_DISABLED', 'a key that is switched off'],
  ['unavailable', 'KEY_UNAVAILABLE', 'a backend that cannot answer'],
  ['unfit', 'SIGNING_KEY_UNFIT', 'a key that signs nothing'],
] as const satisfies readonly (readonly [string, ErrorCode, string])[];

export const failureCases: readonly SignerCase[] = expected.map(([capability, code, what]) => ({
  title: `${what} gives ${code}`,
  needs: [capability],
  async run(subject, patienceMs) {
    for (const [name, call] of calls(subject[capability])) {
      // Services go on telling the public key of a key that is switched off.
      if (capability === 'disabled' && name === 'publicKey') continue;
      const error = await rejection(call({}), `${name} with ${what}`, patienceMs);
      assertCode(error, `${name} with ${what}`, code);
    }
  },
}));

export const leakCases: readonly SignerCase[] = [
  {
    title: 'no error holds a secret of the signer',
    needs: ['secrets'],
    async run(subject, patienceMs) {
      const { signer, unfit, slow, missing, denied, disabled, unavailable } = subject;
      const secrets = await subject.secrets();
      const failing = [unfit, slow, missing, denied, disabled, unavailable].filter(
        (one) => one !== undefined,
      );
      const signal = AbortSignal.abort(new Error('the caller changed its mind'));
      const work = [
        ...calls(signer).map(([what, call]) => [`an aborted ${what}`, () => call({ signal })] as const),
        ...failing.flatMap((one) =>
          calls(one).map(([what, call]) => [`${what} with ${one.uri}`, () => call({})] as const),
        ),
      ];
      const search = async ([what, call]: (typeof work)[number]) => {
        // What never ends is the deadline's case; here it just has no error to search.
        const error: unknown = await inTime(call(), what, patienceMs).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        for (const secret of secrets) {
          const spelling = findSecret(error, secret);
          assert.ok(spelling === undefined, `the error of ${what} holds a secret (${spelling})`);
        }
      };
      await Promise.all(work.map(search));
    },
  },
];

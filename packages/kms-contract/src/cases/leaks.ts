import assert from 'node:assert/strict';
import { CONTEXT, inTime, newDataKey } from '../check.js';
import { findSecret } from '../find-secret.js';
import type { Subject, WrapperCase } from '../types.js';

export const leakCases: readonly WrapperCase[] = [
  {
    title: 'no error holds the data key',
    run: (subject, patienceMs) => searchErrors(subject, undefined, patienceMs),
  },
  {
    title: 'no error holds a secret of the provider',
    needs: ['secrets'],
    run: async (subject, patienceMs) => searchErrors(subject, await subject.secrets(), patienceMs),
  },
];

/** Makes every error that the subject can be brought to, and looks in each for the secrets, or for the data key. */
async function searchErrors(
  subject: Subject,
  secrets: readonly Uint8Array[] | undefined,
  patienceMs: number,
): Promise<void> {
  const { wrapper, otherKey, missing, denied, disabled, unavailable, slow } = subject;
  const dataKey = newDataKey();
  const wrapped = await wrapper.wrap(dataKey, CONTEXT);
  const changed = { ...wrapped, ciphertext: Uint8Array.from(wrapped.ciphertext, (byte) => byte ^ 1) };
  const signal = AbortSignal.abort(new Error('the caller changed its mind'));
  const failing = [missing, denied, disabled, unavailable, slow].filter((one) => one !== undefined);
  const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['a wrong context', () => wrapper.unwrap(wrapped, { ...CONTEXT, version: '2' })],
    ['a changed wrap', () => wrapper.unwrap(changed, CONTEXT)],
    ['another version', () => wrapper.unwrap({ ...wrapped, keyVersion: 'none' }, CONTEXT)],
    ['an aborted wrap', () => wrapper.wrap(dataKey, CONTEXT, { signal })],
    ['an aborted unwrap', () => wrapper.unwrap(wrapped, CONTEXT, { signal })],
    ['a short data key', () => wrapper.wrap(dataKey.subarray(0, 31), CONTEXT)],
    ['a bad context', () => wrapper.wrap(dataKey, { '': 'x' })],
    ['another key', async () => otherKey?.unwrap(wrapped, CONTEXT)],
    ...failing.flatMap((one) => [
      [`wrap with ${one.uri}`, () => one.wrap(dataKey, CONTEXT)] as const,
      [`unwrap with ${one.uri}`, () => one.unwrap({ ...wrapped, keyUri: one.uri }, CONTEXT)] as const,
    ]),
  ];
  const search = async ([what, call]: (typeof calls)[number]) => {
    // What never ends is the deadline's case; here it just has no error to search.
    const error: unknown = await inTime(call(), what, patienceMs).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    for (const secret of secrets ?? [dataKey]) {
      const spelling = findSecret(error, secret);
      const whose = secrets ? 'a secret' : 'the data key';
      assert.ok(spelling === undefined, `the error of ${what} holds ${whose} (${spelling})`);
    }
  };
  await Promise.all(calls.map(search));
}

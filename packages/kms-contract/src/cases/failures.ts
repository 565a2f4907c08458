import type { ErrorCode } from '@weightseal/core';
import { assertCode, CONTEXT, newDataKey, rejection } from '../check.js';
import type { WrapperCase } from '../types.js';

const expected = [
  ['missing', 'KEY_NOT_FOUND', 'a key that does not exist'],
  ['denied', 'KEY_DENIED', 'a key that the caller may not use'],
  ['disabled', 'KEY_DISABLED', 'a key that is switched off'],
  ['unavailable', 'KEY_UNAVAILABLE', 'a backend that cannot answer'],
] as const satisfies readonly (readonly [string, ErrorCode, string])[];

export const failureCases: readonly WrapperCase[] = expected.map(([capability, code, what]) => ({
  title: `${what} gives ${code}`,
  needs: [capability],
  async run(subject, patienceMs) {
    const failing = subject[capability];
    // Under the name of the failing key: one of another key would be refused without asking.
    const wrapped = { ...(await subject.wrapper.wrap(newDataKey(), CONTEXT)), keyUri: failing.uri };
    const wrap = await rejection(failing.wrap(newDataKey(), CONTEXT), `wrap with ${what}`, patienceMs);
    assertCode(wrap, `wrap with ${what}`, code);
    const unwrap = await rejection(failing.unwrap(wrapped, CONTEXT), `unwrap with ${what}`, patienceMs);
    assertCode(unwrap, `unwrap with ${what}`, code);
  },
}));

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { unwrapId } from '../src/keys/unwrap-id.js';
import { wrapped } from './support/shared-key.js';

it('what UTF-8 cannot tell apart has two names', () => {
  const names = ['\ud800', '\udc00', '\ufffd'].map((keyVersion) => unwrapId(0, wrapped({ keyVersion }), {}));
  expect(new Set(names).size).toBe(3);
});

it('two unwraps have one name only if they are the same', () => {
  const text = fc.string({ unit: 'binary', maxLength: 4 });
  const loose = fc.oneof(text, fc.constantFrom('', '\ud800', '\udc00', '\ufffd', '\0', 'a', 'aa'));
  const unwrap = fc.record({
    key: fc.nat(2),
    keyUri: loose,
    keyVersion: loose,
    algorithm: loose,
    ciphertext: fc.uint8Array({ maxLength: 3 }),
    context: fc.constantFrom({}, { a: '' }, { a: 'a' }, { aa: '' }),
  });
  const nameOf = ({ key, context, ...slot }: typeof unwrap extends fc.Arbitrary<infer T> ? T : never) =>
    unwrapId(key, slot, context);
  fc.assert(
    fc.property(unwrap, unwrap, (one, two) => {
      expect(nameOf(structuredClone(one))).toBe(nameOf(one));
      const same = JSON.stringify([one, [...one.ciphertext]]) === JSON.stringify([two, [...two.ciphertext]]);
      expect(nameOf(one) === nameOf(two)).toBe(same);
    }),
    { numRuns: 2000 },
  );
});

// node --test .ci/skipped.test.mjs
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reasonOf, told } from './skipped.ts';

const one = (titles, more = {}) => ({ titles, file: 'packages/core/test/x.test.ts', ...more });

describe('why a test was skipped', () => {
  for (const [title, why] of [
    ['faults of a module (skipped: no C compiler)', 'no C compiler'],
    ['moto, skipped unless it is there', 'they run only where it is there'],
    ['a key file (skipped, no disabled: it cannot be switched off)', 'it cannot be switched off'],
    ['a command runs (as root)', 'they run only as root'],
    ['a command runs (on Linux)', 'they run only on Linux'],
    ['process 1 (as root, with a shell)', 'they run only as root, with a shell'],
  ]) {
    it(`stands in its title: ${title}`, () => assert.deepEqual(reasonOf(one([title])), { why }));
    it(`or in that of its group: ${title}`, () =>
      assert.deepEqual(reasonOf(one(['it works', title])), { why }));
  }

  it('is what was told when it was skipped, before all titles', () => {
    const { why } = reasonOf(one(['it works (as root)'], { note: 'nothing can be mounted here' }));
    assert.equal(why, 'nothing can be mounted here');
  });

  it('is a family for servers and keys that are not there', () => {
    const live = 'the real AWS KMS, skipped unless WEIGHTSEAL_LIVE_AWS_KEY names a key by its URI';
    assert.deepEqual(reasonOf(one(['it works', live])), {
      why: 'nothing in a real cloud is named',
      name: 'WEIGHTSEAL_LIVE_AWS_KEY',
    });
    assert.match(reasonOf(one(['it (skipped: VAULT_TOKEN is not set)'])).why, /test:emulators/);
  });

  it('is a family for what a provider does not have', () => {
    const { why } = reasonOf(
      one(['a wrong clock (skipped: it has none)'], { group: 'Vault withstands faults' }),
    );
    assert.equal(why, 'their provider has no such thing, as each title says');
  });

  it('is left to the file that says nothing', () => {
    assert.deepEqual(reasonOf(one(['it works'])), {
      why: 'as their files say',
      name: 'packages/core/test/x.test.ts',
    });
  });
});

describe('the end of the output', () => {
  it('is empty where nothing was skipped', () => assert.deepEqual(told([]), []));

  it('counts reasons, the largest first, and names each thing once', () => {
    const skipped = ['A', 'B', 'B'].map((key) => one([`a key (skipped: WEIGHTSEAL_LIVE_${key} names none)`]));
    assert.deepEqual(told([one(['x (as root)']), ...skipped]), [
      'Skipped, and why:',
      '     3  nothing in a real cloud is named: WEIGHTSEAL_LIVE_A, WEIGHTSEAL_LIVE_B',
      '     1  they run only as root',
    ]);
  });

  for (const reasons of [8, 9, 10, 40]) {
    it(`has ten lines at most, of ${reasons} reasons, and counts every test`, () => {
      const skipped = Array.from({ length: reasons }, (_, i) =>
        Array(i + 1).fill(one([`x (skipped: why ${i})`])),
      ).flat();
      const [head, ...lines] = told(skipped);
      assert.ok(lines.length <= 9);
      assert.equal(head, 'Skipped, and why:');
      assert.equal(
        lines.reduce((sum, text) => sum + Number.parseInt(text, 10), 0),
        skipped.length,
      );
    });
  }

  it('has no line that wraps', () => {
    const [, line] = told([one([`x (skipped: ${'very '.repeat(100)}long)`])]);
    assert.equal(line.length, 130);
  });
});

// node --test .ci/emulators
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countCases, isSound, told } from './cases.mjs';

const emulator = { name: 'moto', provider: 'kms-aws', version: 'v5.2.5' };
const counts = (passed, failed = 0, skipped = 0) => ({ counts: { passed, failed, skipped } });

function file(name, cases, status = 'passed') {
  const assertionResults = cases.map(([group, one]) => ({
    ancestorTitles: group ? [group] : [],
    status: one,
  }));
  return { name, status, assertionResults };
}

describe('cases', () => {
  it('are counted over all files', () => {
    const first = file('a', [
      ['moto', 'passed'],
      ['moto', 'skipped'],
    ]);
    const second = file('b', [[undefined, 'passed']]);
    assert.deepEqual(countCases({ testResults: [first, second] }), { passed: 2, failed: 0, skipped: 1 });
  });

  it('of another emulator, all of them skipped, are left out', () => {
    const other = file('a', [['cloudemu', 'skipped']]);
    const mixed = file('b', [
      ['moto', 'passed'],
      ['ministack', 'skipped'],
    ]);
    assert.deepEqual(countCases({ testResults: [other, mixed] }), { passed: 1, failed: 0, skipped: 0 });
  });

  it('that fail count, and so does a file that could not be loaded', () => {
    const failing = file('a', [['moto', 'failed']], 'failed');
    const broken = file('b', [], 'failed');
    assert.deepEqual(countCases({ testResults: [failing, broken] }), { passed: 0, failed: 2, skipped: 0 });
  });
});

describe('the line of an emulator', () => {
  const lines = [
    [counts(46, 0, 2), 'aws moto 5.2.5: 46 passed, 2 skipped'],
    [counts(45, 1), 'aws moto 5.2.5: 45 passed, 1 FAILED'],
    [counts(0, 0, 0), 'aws moto 5.2.5: NO CASES'],
    [{ missing: 'pip: 404' }, 'aws moto 5.2.5: MISSING, could not be installed: pip: 404'],
    [{ broken: 'ended with 1' }, 'aws moto 5.2.5: BROKEN, did not start: ended with 1'],
  ];
  for (const [outcome, line] of lines) it(line, () => assert.equal(told(emulator, outcome), line));
  it('of a store, too', () =>
    assert.equal(told({ ...emulator, provider: 'store-s3' }, counts(1)), 's3 moto 5.2.5: 1 passed'));
});

describe('a run is sound', () => {
  const strict = { available: false };
  const available = { available: true };
  const missing = { missing: 'pip: 404' };

  it('when every emulator passed', () => assert.ok(isSound([counts(1), counts(2, 0, 1)], strict)));
  it('not with a failed case', () => assert.ok(!isSound([counts(9, 1)], available)));
  it('not without cases', () => assert.ok(!isSound([counts(9), counts(0)], available)));
  it('not with a server that did not start', () =>
    assert.ok(!isSound([counts(9), { broken: '' }], available)));
  it('with a missing server only when that is allowed', () => {
    assert.ok(!isSound([counts(9), missing], strict));
    assert.ok(isSound([counts(9), missing], available));
  });
  it('not when every server is missing', () => assert.ok(!isSound([missing], available)));
});

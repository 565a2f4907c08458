import { type AuditedObject, type Finding, OBJECT_CHECKS, ObjectTally } from '@weightseal/storage-audit';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../../core/test/store/support/memory-store.js';

const at = { store: new MemoryStore(), key: 'models' };
const recipient = { provider: 'memory', keyUri: 'memory:a', keyVersion: '1', algorithm: 'A' };
const plain = (index: number): AuditedObject => ({
  kind: 'weights',
  path: String(index),
  findings: [
    {
      check: 'objects/plain-weights',
      resource: `memory://bucket/models/${index}`,
      outcome: 'failed',
      severity: 'high',
      evidence: 'It is plain.',
    },
  ],
});
const outcomes = (findings: readonly Finding[]) =>
  findings.map(({ check, outcome }) => `${check} ${outcome}`);

describe('an audit of objects comes to', () => {
  it('nothing, where there was nothing', () => {
    const others: Readonly<Record<string, string>> = {
      'objects/incomplete-uploads': 'passed',
      'objects/names': 'passed',
      'objects/plain-weights': 'unread',
      'objects/versions': 'unread',
    };
    expect(outcomes(new ObjectTally(at).findings())).toEqual(
      OBJECT_CHECKS.map(({ id }) => `${id} ${others[id] ?? 'inapplicable'}`),
    );
    const directory = new ObjectTally('/srv/models').findings().at(-1)!;
    expect([directory.outcome, directory.resource]).toEqual(['inapplicable', '/srv/models']);
  });

  it('what passed, where all is right', () => {
    const tally = new ObjectTally(at, { keys: ['memory:a'] });
    tally.add({ kind: 'sealed', path: 'a', recipients: [recipient], findings: [] });
    tally.add({
      kind: 'bundle',
      path: 'b',
      recipients: [recipient, { ...recipient, keyVersion: '2' }],
      findings: [],
    });
    tally.add({ kind: 'older', path: '', findings: [] });
    const others = tally.findings().filter(({ outcome }) => outcome !== 'passed');
    expect(outcomes(others)).toEqual(['objects/world-readable inapplicable']);
    expect(tally.keys).toEqual([
      { keyUri: 'memory:a', keyVersion: '1', objects: 2 },
      { keyUri: 'memory:a', keyVersion: '2', objects: 1 },
    ]);
    expect([tally.count('sealed'), tally.count('bundle'), tally.count('weights')]).toEqual([1, 1, 0]);
  });

  it.each([
    [{ sample: 0.1 }, 'at a share of 0.1 of the objects only'],
    [{ after: 'b' }, 'only at what comes behind "b"'],
  ])('nothing that passed of all, where only a part was looked at: %j', (part, words) => {
    const tally = new ObjectTally(at, { keys: ['memory:a'], ...part });
    tally.add({ kind: 'sealed', path: 'c', recipients: [recipient], findings: [] });
    const told = tally.findings();
    const passed = told.filter(({ outcome }) => outcome === 'passed').map(({ check }) => check);
    expect(passed).toEqual(['objects/incomplete-uploads']);
    expect(told[0]).toMatchObject({ check: 'objects/plain-weights', outcome: 'unread', severity: 'high' });
    expect(told[0]!.evidence).toContain(`It was looked ${words}: of the rest nothing is known.`);
    // Also beside what failed, which somebody may accept.
    tally.add(plain(1));
    const plains = tally.findings().filter(({ check }) => check === 'objects/plain-weights');
    expect(plains.map(({ outcome }) => outcome)).toEqual(['failed', 'unread']);
  });

  it('nothing that passed of heads, where one could not be seen', () => {
    const blind: AuditedObject = {
      kind: 'sealed',
      path: 'b',
      findings: [
        {
          check: 'objects/sealed-sound',
          resource: 'memory://bucket/models/b',
          outcome: 'unread',
          severity: 'medium',
          evidence: 'Its head could not be read.',
        },
      ],
    };
    const heads = ['objects/sealed-keys', 'objects/sealed-manifest', 'objects/sealed-signature'];
    const told = (tally: ObjectTally) =>
      tally.findings().filter(({ check }) => heads.includes(check) || check === 'objects/sealed-sound');
    const tally = new ObjectTally(at, { keys: ['memory:a'] });
    tally.add({ kind: 'sealed', path: 'a', recipients: [recipient], findings: [] });
    tally.add(blind);
    expect(outcomes(told(tally))).toEqual([
      'objects/sealed-sound unread',
      ...heads.map((check) => `${check} unread`),
    ]);
    expect(told(tally)[1]).toMatchObject({
      resource: 'memory://bucket/models',
      evidence: 'Of 2 sealed files and bundles 1 could not be looked into.',
    });
    // Also beside others that failed, which somebody may accept.
    const failed = { check: heads[2]!, resource: 'c', outcome: 'failed', severity: 'medium', evidence: 'x' };
    tally.add({ kind: 'sealed', path: 'c', recipients: [recipient], findings: [failed as Finding] });
    expect(outcomes(told(tally)).slice(-2)).toEqual([`${heads[2]} failed`, `${heads[2]} unread`]);
    const anyKey = new ObjectTally(at);
    anyKey.add(blind);
    expect(outcomes(told(anyKey))[1]).toBe('objects/sealed-keys inapplicable');
  });

  it('a thousand findings of a check, and how many more', () => {
    const tally = new ObjectTally(at);
    for (let index = 0; index < 1500; index++) tally.add(plain(index));
    const told = tally.findings().filter(({ check }) => check === 'objects/plain-weights');
    expect(told).toHaveLength(1001);
    expect(told.at(-1)).toMatchObject({
      resource: 'memory://bucket/models',
      outcome: 'failed',
      severity: 'high',
      evidence: 'So it is of 500 others.',
      count: 500,
    });
  });

  it('a thousand keys', () => {
    const tally = new ObjectTally(at);
    for (let index = 0; index < 1500; index++)
      tally.add({
        kind: 'sealed',
        path: '',
        recipients: [{ ...recipient, keyVersion: String(index) }],
        findings: [],
      });
    expect(tally.keys).toHaveLength(1000);
  });
});

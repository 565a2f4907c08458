import { createHash } from 'node:crypto';
import { acceptanceOf, applyBaseline, evidenceOf } from '@weightseal/storage-audit';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../../core/test/support/sealed.js';
import { ACTS, CHECKS, finding, hostile, report } from './example.js';

const when = { start: new Date('2030-01-02T03:04:05Z'), end: new Date('2030-01-02T03:05:00Z') };

describe('evidence of an audit', () => {
  it('has an observation and a finding for each thing that was found, and says what could not be read', () => {
    const { metadata, results } = evidenceOf(report, when)['assessment-results'];
    expect(metadata).toMatchObject({ subject: 's3://models', 'last-modified': '2030-01-02T03:05:00.000Z' });
    const [{ observations, findings, start }] = results;
    expect(start).toBe('2030-01-02T03:04:05.000Z');
    expect(
      findings.map(({ target }) => [target['target-id'], target.status.state, target.status.reason]),
    ).toEqual([
      ['s3/policy-public', 'not-satisfied', 'fail'],
      ['s3/versioning', 'not-satisfied', 'other'],
      ['s3/versioning', 'satisfied', 'pass'],
    ]);
    for (const [at, one] of findings.entries())
      expect(one['related-observations'][0]['observation-uuid']).toBe(observations[at]!.uuid);
    expect(observations.map(({ subjects }) => subjects[0].title)).toEqual([
      's3://models',
      's3://logs',
      's3://models',
    ]);
    const uuids = [...observations, ...findings].map(({ uuid }) => uuid);
    expect(new Set(uuids).size).toBe(6);
    for (const uuid of uuids)
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('is the same for the same findings, in whatever order, and another for others', () => {
    const evidence = evidenceOf(report, when);
    expect(evidenceOf({ ...report, findings: report.findings.toReversed() }, when)).toEqual(evidence);
    const digest = (of: typeof evidence) => of['assessment-results'].metadata['findings-sha256'];
    const one = { place: 's3://models', checks: CHECKS, findings: [finding()] };
    expect(digest(evidenceOf(one, when))).toBe(
      createHash('sha256')
        .update(JSON.stringify([finding()]))
        .digest('hex'),
    );
    const other = { ...one, findings: [finding({ evidence: 'Another.' })] };
    expect(digest(evidenceOf(other, when))).not.toBe(digest(evidenceOf(one, when)));
  });

  it('says who has accepted what, which is not satisfied for that', () => {
    const accepted = [acceptanceOf(finding(), { reason: 'r', who: 'Ada', expires: '2031-01-01T00:00:00Z' })];
    const applied = applyBaseline([finding()], { accepted }, { now: when.start });
    const [{ findings }] = evidenceOf({ place: 's3://models', checks: CHECKS, ...applied }, when)[
      'assessment-results'
    ].results;
    expect(findings).toHaveLength(1);
    expect(findings[0]!.target.status.state).toBe('not-satisfied');
    expect(findings[0]!.props).toContainEqual({ name: 'accepted-by', value: 'Ada' });
  });

  it('holds nothing that acts on a terminal, and is of times that are some', async () => {
    expect(JSON.stringify(evidenceOf(hostile, when))).not.toMatch(ACTS);
    const none = { start: new Date('x'), end: new Date() };
    expect((await refusal(async () => evidenceOf(report, none))).code).toBe('INVALID_ARGUMENT');
  });
});

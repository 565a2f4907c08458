import { type Report, type SarifLog, sarifOf } from '@weightseal/storage-audit';
import { describe, expect, it } from 'vitest';
import { ACTS, CHECKS, finding, HOSTILE, hostile, report } from './example.js';
import { problemsOf } from './sarif-schema.js';

const results = (log: SarifLog) => log.runs[0].results;
const accepted: Report = {
  ...report,
  accepted: [
    {
      finding: finding({ severity: 'low' }),
      acceptance: {
        check: 's3/policy-public',
        resource: 's3://models',
        severity: 'critical' as const,
        reason: 'It is public anyway.',
        who: 'Ada',
        expires: '2030-01-01T00:00:00Z',
      },
    },
  ],
};

describe('SARIF 2.1.0', () => {
  it.each<[string, Report]>([
    ['an audit', report],
    ['one that found nothing', { place: 's3://models', checks: [], findings: [] }],
    ['one with a baseline', accepted],
    ['names that try to act', hostile],
  ])('is valid by its own schema: %s', (_what, of) => {
    expect(problemsOf(sarifOf(of))).toEqual([]);
    expect(problemsOf(JSON.parse(JSON.stringify(sarifOf(of))))).toEqual([]);
  });

  it('is not by chance: the schema refuses what is none', () => {
    const log = sarifOf(report);
    expect(problemsOf({ ...log, version: '2.0.0' })).not.toEqual([]);
    expect(problemsOf({ ...log, runs: [{ ...log.runs[0], tool: {} }] })).not.toEqual([]);
    expect(
      problemsOf({ ...log, runs: [{ ...log.runs[0], results: [{ message: {}, kind: 'bad' }] }] }),
    ).not.toEqual([]);
  });

  it('tells failures by level, and what was not decided as open, with a notification', () => {
    const log = sarifOf(report);
    expect(
      results(log).map(({ ruleId, ruleIndex, kind, level }) => [ruleId, ruleIndex, kind, level]),
    ).toEqual([
      ['s3/policy-public', 0, 'fail', 'error'],
      ['s3/versioning', 1, 'open', 'none'],
      ['s3/versioning', 1, 'pass', 'none'],
    ]);
    expect(log.runs[0].invocations).toMatchObject([
      {
        executionSuccessful: true,
        toolExecutionNotifications: [{ message: { text: 's3://logs could not be read: Denied.' } }],
      },
    ]);
    expect(results(log)[0]!.properties).toMatchObject({
      severity: 'critical',
      command: expect.stringContaining('aws') as string,
    });
    const levels = (['critical', 'high', 'medium', 'low', 'info'] as const).map((severity) =>
      results(sarifOf({ ...report, findings: [finding({ severity })] })).map(({ level }) => level),
    );
    expect(levels.flat()).toEqual(['error', 'error', 'warning', 'note', 'note']);
    expect(results(sarifOf({ ...report, findings: [finding({ outcome: 'inapplicable' })] }))[0]!.kind).toBe(
      'notApplicable',
    );
  });

  it('keeps what a baseline accepts, and suppresses it; all others say that they are not', () => {
    const [first, , , last] = results(sarifOf(accepted));
    expect(first!.suppressions).toEqual([]);
    expect(last!.suppressions).toEqual([
      {
        kind: 'external',
        status: 'accepted',
        justification: 'It is public anyway. (accepted by Ada until 2030-01-01T00:00:00Z)',
      },
    ]);
  });

  it('knows a finding again by check and resource, whatever its words are', () => {
    const fingerprint = (given: object) =>
      results(sarifOf({ ...report, findings: [finding(given)] }))[0]!.partialFingerprints[
        'weightsealFinding/v1'
      ];
    expect(fingerprint({ evidence: 'other', severity: 'low' })).toBe(fingerprint({}));
    expect(fingerprint({ resource: 's3://b' })).not.toBe(fingerprint({}));
    expect(fingerprint({ check: 's3/versioning' })).not.toBe(fingerprint({}));
  });

  it('has addresses of what was looked at, with all encoded that an address has not', () => {
    const uri = (resource: string) => {
      const [location] = results(sarifOf({ ...report, findings: [finding({ resource })] }))[0]!.locations;
      return (location as { physicalLocation: { artifactLocation: { uri: string } } }).physicalLocation
        .artifactLocation.uri;
    };
    expect(uri('s3://models/a b#c?d[e]')).toBe('s3://models/a%20b%23c%3Fd%5Be%5D');
    expect(uri('/srv/models/a:b')).toBe('/srv/models/a%3Ab');
    expect(uri('C:\\models')).toBe('C%3A%5Cmodels');
    expect(URL.canParse(uri(HOSTILE), 'file:///')).toBe(true);
  });

  it('has no placeholders, links or characters that act of somebody else', () => {
    const texts = JSON.stringify(sarifOf(hostile), (_name, value: unknown) =>
      typeof value === 'string' && value !== '' ? value.replaceAll('\n', ' ') : value,
    );
    expect(JSON.parse(texts)).toBeDefined();
    const [first] = results(sarifOf(hostile));
    expect(first!.message.text).toContain('{{0}}');
    expect(first!.message.text).toContain('\\[click\\](https://evil.example)');
    expect(first!.message.text).not.toMatch(ACTS);
    expect(CHECKS).toHaveLength(2);
  });
});

import { isWeightsealError } from '@weightseal/core';
import {
  type Acceptance,
  acceptanceOf,
  applyBaseline,
  encodeBaseline,
  type Finding,
  parseBaseline,
  type Severity,
} from '@weightseal/storage-audit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { finding } from './example.js';

const one: Acceptance = acceptanceOf(finding(), {
  reason: 'It is a mirror of what is public anyway.',
  who: 'Ada, security',
  expires: '2030-01-01T00:00:00Z',
});
const bytes = (text: string) => Buffer.from(text);
const file = (accepted: unknown, more: object = {}) =>
  bytes(JSON.stringify({ format: 'weightseal-audit-baseline/1', accepted, ...more }));

function refused(given: Uint8Array): string {
  try {
    parseBaseline(given);
  } catch (error) {
    if (isWeightsealError(error) && error.code === 'CONFIG_INVALID') return error.message;
    throw error;
  }
  throw new Error('it was taken');
}

describe('a baseline as a file', () => {
  it('is written in one way, by check and resource, and read again', () => {
    const other = { ...one, check: 's3/a', outcome: 'unread' as const };
    const text = encodeBaseline({ accepted: [one, other] });
    expect(text).toBe(encodeBaseline({ accepted: [other, one] }));
    expect(
      text.startsWith(
        '{\n  "format": "weightseal-audit-baseline/1",\n  "accepted": [\n    {\n      "check": "s3/a"',
      ),
    ).toBe(true);
    expect(text.endsWith('}\n')).toBe(true);
    expect(parseBaseline(bytes(text))).toEqual({ accepted: [other, one] });
  });

  it('is refused where a name stands twice, however it is spelt', () => {
    const text = JSON.stringify({ format: 'weightseal-audit-baseline/1', accepted: [one] });
    expect(refused(bytes(text.replace('"who"', '"expires":"2031-01-01T00:00:00Z","who"')))).toContain(
      'one name twice',
    );
    expect(refused(bytes(text.replace('"who"', '"\\u0077ho":"x","who"')))).toContain('one name twice');
    expect(refused(bytes(text.replace('{"format"', '{"accepted":[],"format"')))).toContain('one name twice');
    // A colon in a text, and a quotation mark before one, are no names.
    expect(parseBaseline(file([{ ...one, reason: '"a": {"b" : 1} \\": "' }])).accepted).toHaveLength(1);
  });

  it('is refused for what it does not know, and for what is missing', () => {
    expect(refused(file([{ ...one, expire: 'never' }]))).toContain('"expire"');
    expect(refused(file([one], { note: 1 }))).toContain('"note"');
    for (const name of ['check', 'resource', 'severity', 'reason', 'who', 'expires'] as const) {
      const { [name]: _left, ...rest } = one;
      expect(refused(file([rest]))).toContain(`no \`${name}\``);
      expect(refused(file([{ ...one, [name]: ' ' }]))).toContain('is empty');
      expect(refused(file([{ ...one, [name]: 1 }]))).toContain('is no text');
      expect(refused(file([{ ...one, [name]: 'a\u001b[2J' }]))).toContain('does not show');
    }
    expect(refused(file([{ ...one, outcome: 'passed' }]))).toContain('`outcome`');
    expect(refused(file([{ ...one, severity: 'any' }]))).toContain('`severity`');
    expect(refused(file([{ ...one, found: 'x' }]))).toContain('`found`');
    for (const count of [0, 1.5, '1']) expect(refused(file([{ ...one, count }]))).toContain('`count`');
    expect(refused(file([one, one]))).toContain('accepted twice');
    expect(refused(file({}))).toContain('no list');
    expect(refused(file([null]))).toContain('no object');
    expect(refused(bytes('[]'))).toContain('no object');
    expect(refused(bytes('{'))).toContain('no JSON');
    expect(refused(Uint8Array.of(0x22, 0xff, 0x22))).toContain('no UTF-8');
    expect(refused(bytes('\ufeff{}'))).toContain('no JSON');
    expect(refused(bytes('{"format":"other/1","accepted":[]}'))).toContain('its format');
    expect(refused(file(Array.from({ length: 10_001 }, () => one)))).toContain('more than 10000');
    expect(refused(new Uint8Array(4_194_305))).toContain('bytes');
    expect(refused(bytes('['.repeat(100_000)))).toContain('no JSON');
  });

  it.each([
    '2030-02-30T00:00:00Z',
    '2030-01-01',
    '2030-01-01T00:00:00+01:00',
    '2030-01-01 00:00:00Z',
    'never',
  ])('is refused for the time %s', (expires) => {
    expect(refused(file([{ ...one, expires }]))).toContain('no moment in UTC');
  });

  it('is not written where it could not be read', () => {
    expect(() => encodeBaseline({ accepted: [one, one] })).toThrow(/accepted twice/);
    expect(() => encodeBaseline({ accepted: [{ ...one, who: '' }] })).toThrow(/is empty/);
  });

  it('property: of any text it is refused or written and read again', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"', '\\', '":', 'ä', '模'));
    fc.assert(
      fc.property(text, text, (reason, who) => {
        const given = { ...one, reason, who };
        let written: string;
        try {
          written = encodeBaseline({ accepted: [given] });
        } catch (error) {
          return isWeightsealError(error) && error.code === 'CONFIG_INVALID';
        }
        expect(parseBaseline(bytes(written)).accepted).toEqual([given]);
        return true;
      }),
    );
  });
});

describe('a baseline that is applied', () => {
  const now = new Date('2029-01-01T00:00:00Z');
  const apply = (findings: Parameters<typeof applyBaseline>[0], accepted: readonly Acceptance[], at = now) =>
    applyBaseline(findings, { accepted }, { now: at });

  it('takes out what is accepted, and only that', () => {
    const [accepted, other] = [finding(), finding({ resource: 's3://models2' })];
    expect(apply([accepted, other], [one])).toEqual({
      findings: [other],
      accepted: [{ finding: accepted, acceptance: one }],
      stale: [],
    });
  });

  it('has no effect from the moment on at which it expires, and says so', () => {
    const expires = new Date(one.expires);
    expect(apply([finding()], [one], new Date(expires.getTime() - 1)).accepted).toHaveLength(1);
    expect(apply([finding()], [one], expires)).toEqual({
      findings: [finding()],
      accepted: [],
      stale: [{ acceptance: one, why: 'expired' }],
    });
    expect(apply([], [one], expires).stale).toEqual([{ acceptance: one, why: 'expired' }]);
  });

  it('tells what it accepts and was not found, or has passed', () => {
    const unmatched = [{ acceptance: one, why: 'unmatched' }];
    expect(apply([], [one]).stale).toEqual(unmatched);
    expect(apply([finding({ outcome: 'passed' })], [one]).stale).toEqual(unmatched);
    expect(apply([finding({ outcome: 'inapplicable' })], [one]).stale).toEqual(unmatched);
  });

  it('accepts as failed nothing that could not be read, and the other way round', () => {
    const unread = finding({ outcome: 'unread' });
    expect(apply([unread], [one])).toEqual({ findings: [unread], accepted: [], stale: [] });
    const { found: _, ...rest } = one;
    const ofUnread = { ...rest, outcome: 'unread' as const };
    expect(apply([unread], [ofUnread]).accepted).toHaveLength(1);
    expect(apply([finding()], [ofUnread])).toEqual({
      findings: [finding()],
      accepted: [],
      stale: [{ acceptance: ofUnread, why: 'unmatched' }],
    });
  });

  it('accepts nothing that is worse than what was decided, and says so', () => {
    const low = { ...one, severity: 'low' as const };
    for (const severity of ['low', 'info'] as const)
      expect(apply([finding({ severity })], [low]).accepted).toHaveLength(1);
    for (const severity of ['critical', 'high', 'medium', 'strange'] as Severity[])
      expect(apply([finding({ severity })], [low])).toEqual({
        findings: [finding({ severity })],
        accepted: [],
        stale: [{ acceptance: low, why: 'worse' }],
      });
    const unread = finding({ outcome: 'unread', severity: 'high' });
    const { found: _, ...ofUnread } = { ...low, outcome: 'unread' as const };
    expect(apply([unread], [ofUnread]).findings).toEqual([unread]);
    for (const severity of [undefined, 'any'])
      expect(apply([finding()], [{ ...one, severity } as unknown as Acceptance]).accepted).toEqual([]);
  });

  it.each(['never', '', '2030', '2030-01-01', '2030-13-01T00:00:00Z', undefined])(
    'has no effect where it expires at %j, which is no moment',
    (expires) => {
      const acceptance = { ...one, expires } as Acceptance;
      expect(apply([finding()], [acceptance])).toEqual({
        findings: [finding()],
        accepted: [],
        stale: [{ acceptance, why: 'expired' }],
      });
    },
  );

  it('accepts nothing but what was found then, and says so', () => {
    const more = finding({ evidence: 'Statement "All" lets everybody write.' });
    expect(apply([more], [one])).toEqual({
      findings: [more],
      accepted: [],
      stale: [{ acceptance: one, why: 'changed' }],
    });
    const { found: _, ...bare } = one;
    expect(apply([finding()], [bare]).findings).toHaveLength(1);
    const [a, b] = ['a', 'b'].map((facts) => finding({ facts })) as [Finding, Finding];
    const ofA = acceptanceOf(a, one);
    expect(apply([{ ...a, evidence: 'In other words.' }], [ofA]).accepted).toHaveLength(1);
    expect(apply([b], [ofA]).findings).toEqual([b]);
    expect(apply([a, b], [ofA, acceptanceOf(b, one)]).accepted).toHaveLength(2);
    expect(parseBaseline(bytes(encodeBaseline({ accepted: [ofA] }))).accepted).toEqual([ofA]);
  });

  it('accepts as many as were told of together then, or fewer', () => {
    const of = (count: number) =>
      finding({ outcome: 'unread', evidence: `So it is of ${count} others.`, facts: 'others', count });
    const accepted = acceptanceOf(of(2), one);
    expect(accepted).toMatchObject({ count: 2, outcome: 'unread' });
    expect(apply([of(1)], [accepted]).accepted).toHaveLength(1);
    expect(apply([of(2)], [accepted]).accepted).toHaveLength(1);
    expect(apply([of(3)], [accepted]).stale).toEqual([{ acceptance: accepted, why: 'worse' }]);
    // Another that could not be read, at the same place, is not among them.
    expect(apply([finding({ outcome: 'unread' })], [accepted]).findings).toHaveLength(1);
  });

  it('takes no time that is none', () => {
    expect(() => apply([], [], new Date('x'))).toThrow(/must be a Date/);
  });
});

import { createHash } from 'node:crypto';
import { VERSION, WeightsealError } from '@weightseal/core';
import type { Finding, Outcome } from '../types.js';
import { inOrder, type Report, scopeOf } from './report.js';
import { printable } from './text.js';

// After the assessment results of OSCAL 1.1 (https://pages.nist.gov/OSCAL/), as far as an audit has anything to say there: it imports no plan of an assessment and reviews no controls by their catalogue's names.

export const EVIDENCE_FORMAT = 'weightseal-storage-evidence/1';

export interface EvidenceObservation {
  readonly uuid: string;
  readonly description: string;
  readonly methods: readonly ['TEST'];
  readonly collected: string;
  readonly subjects: readonly [{ readonly type: 'resource'; readonly title: string }];
}

export interface EvidenceFinding {
  readonly uuid: string;
  readonly title: string;
  readonly description: string;
  readonly target: {
    readonly type: 'objective-id';
    /** The `id` of the check. */
    readonly 'target-id': string;
    /** What could not be read is not satisfied, for another reason than that it failed. */
    readonly status: {
      readonly state: 'satisfied' | 'not-satisfied';
      readonly reason: 'pass' | 'fail' | 'other';
    };
  };
  readonly props: readonly { readonly name: string; readonly value: string }[];
  readonly 'related-observations': readonly [{ readonly 'observation-uuid': string }];
}

/** What was seen, when, by what and of what; for those who keep it. Nobody has signed it. */
export interface Evidence {
  readonly format: typeof EVIDENCE_FORMAT;
  readonly 'assessment-results': {
    readonly uuid: string;
    readonly metadata: {
      readonly title: string;
      readonly 'last-modified': string;
      readonly tool: { readonly name: 'weightseal'; readonly version: string };
      readonly subject: string;
      /** What of it was looked at, where that is not all. */
      readonly scope?: string;
      /** Of the findings in their order, with those that a baseline accepts, as JSON without blanks. */
      readonly 'findings-sha256': string;
    };
    readonly results: readonly [
      {
        readonly start: string;
        readonly end: string;
        readonly observations: readonly EvidenceObservation[];
        readonly findings: readonly EvidenceFinding[];
      },
    ];
  };
}

const REASONS = { passed: 'pass', failed: 'fail', unread: 'other' } as const;

/**
 * An evidence document of an audit, much like assessment results of OSCAL: an observation and a finding for each thing that was found, passed or not. What does not apply is left out. It is the same for
 * the same findings and times.
 *
 * @param when when it was begun, and when it ended
 * @throws INVALID_ARGUMENT for a time that is none
 */
export function evidenceOf(
  report: Report,
  { start, end }: { readonly start: Date; readonly end: Date },
): Evidence {
  const { place, checks, findings, accepted = [] } = report;
  const scope = scopeOf(report);
  const [began, ended] = [start, end].map(textOf) as [string, string];
  const all = inOrder([...findings, ...accepted.map(({ finding }) => finding)]);
  const digest = sha256(JSON.stringify(all));
  const told = all.filter((one): one is Told => one.outcome !== 'inapplicable');
  const id = (...parts: readonly string[]) => uuidOf(JSON.stringify([digest, began, ended, ...parts]));
  const observation = (finding: Finding, at: number) => id('observation', String(at), finding.check);
  const acceptedBy = new Map(accepted.map(({ finding, acceptance }) => [finding, acceptance]));
  return {
    format: EVIDENCE_FORMAT,
    'assessment-results': {
      uuid: id(),
      metadata: {
        title: `Storage audit of ${printable(place)}`,
        'last-modified': ended,
        tool: { name: 'weightseal', version: VERSION },
        subject: printable(place),
        ...(scope !== undefined && { scope: printable(scope) }),
        'findings-sha256': digest,
      },
      results: [
        {
          start: began,
          end: ended,
          observations: told.map((finding, at) => ({
            uuid: observation(finding, at),
            description: printable(finding.evidence),
            methods: ['TEST'],
            collected: ended,
            subjects: [{ type: 'resource', title: printable(finding.resource) }],
          })),
          findings: told.map((finding, at) => {
            const { check, outcome, severity } = finding;
            const acceptance = acceptedBy.get(finding);
            return {
              uuid: id('finding', String(at), check),
              title: checks.find((one) => one.id === check)?.title ?? printable(check),
              description: printable(finding.evidence),
              target: {
                type: 'objective-id',
                'target-id': printable(check),
                status: {
                  state: outcome === 'passed' ? 'satisfied' : 'not-satisfied',
                  reason: REASONS[outcome],
                },
              },
              props: [
                { name: 'severity', value: severity },
                ...(acceptance
                  ? [
                      { name: 'accepted-by', value: printable(acceptance.who) },
                      { name: 'accepted-until', value: printable(acceptance.expires) },
                    ]
                  : []),
              ],
              'related-observations': [{ 'observation-uuid': observation(finding, at) }],
            } as const;
          }),
        },
      ],
    },
  };
}

type Told = Finding & { readonly outcome: Exclude<Outcome, 'inapplicable'> };

function textOf(time: Date): string {
  if (time instanceof Date && !Number.isNaN(time.getTime())) return time.toISOString();
  throw new WeightsealError('INVALID_ARGUMENT', '`start` and `end` of an audit must be Dates.');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** RFC 9562 §5.8: of a hash of our own choice. */
function uuidOf(text: string): string {
  const hex = sha256(text);
  const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

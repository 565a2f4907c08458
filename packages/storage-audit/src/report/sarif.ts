import { createHash } from 'node:crypto';
import { VERSION } from '@weightseal/core';
import type { Check, Finding, Severity } from '../types.js';
import type { AcceptedFinding } from './apply-baseline.js';
import { inOrder, type Report, scopeOf, withOutcome } from './report.js';
import { printable, printableLines } from './text.js';

// SARIF 2.1.0 Plus Errata 01 (OASIS Standard); the numbers are its sections.

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

type Level = 'none' | 'note' | 'warning' | 'error';
const LEVELS: Readonly<Record<Severity, Level>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
};
/** Of 10, as viewers of security findings sort by: each in the middle of the range of CVSS 3.1 (section 5) that has its name. */
const SCORES: Readonly<Record<Severity, string>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '2.0',
  info: '0.0',
};
/** §3.27.9: `open` is what could not be decided. */
const KINDS = { failed: 'fail', unread: 'open', passed: 'pass', inapplicable: 'notApplicable' } as const;

export interface SarifText {
  readonly text: string;
}

export interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex?: number;
  readonly kind: (typeof KINDS)[keyof typeof KINDS];
  readonly level: Level;
  readonly message: SarifText;
  readonly locations: readonly object[];
  readonly partialFingerprints: Readonly<Record<string, string>>;
  readonly suppressions: readonly object[];
  readonly properties: Readonly<Record<string, string>>;
}

export interface SarifLog {
  readonly $schema: string;
  readonly version: '2.1.0';
  readonly runs: readonly [
    {
      readonly tool: { readonly driver: object };
      readonly automationDetails: { readonly id: string; readonly description?: SarifText };
      readonly invocations: readonly object[];
      readonly results: readonly SarifResult[];
    },
  ];
}

/** For what collects findings of many tools. What a baseline accepts is in it, and suppressed; what could not be read is told as a notification too, since many viewers show only failures. */
export function sarifOf(report: Report): SarifLog {
  const { place, checks, findings, accepted = [] } = report;
  const scope = scopeOf(report);
  const ordered = inOrder(findings);
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'weightseal', version: VERSION, rules: checks.map(ruleOf) } },
        // §3.17.3: the part before the last slash names what runs again and again.
        automationDetails: {
          id: `weightseal-storage-audit/${printable(place)}/`,
          ...(scope !== undefined && { description: message(scope) }),
        },
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: withOutcome(ordered, 'unread').map((finding) => ({
              level: 'warning',
              message: message(`${finding.resource} could not be read: ${finding.evidence}`),
              associatedRule: { id: finding.check },
            })),
          },
        ],
        results: [
          ...ordered.map((finding) => resultOf(finding, checks)),
          ...accepted.map((one) => ({ ...resultOf(one.finding, checks), suppressions: [suppression(one)] })),
        ],
      },
    ],
  };
}

function ruleOf({ id, title, why, whenSealed, severity }: Check): object {
  return {
    id,
    shortDescription: message(title),
    fullDescription: message(why),
    help: message(`${why} When sealed: ${whenSealed}`),
    defaultConfiguration: { level: LEVELS[severity.plain] },
    properties: { 'security-severity': SCORES[severity.plain], tags: ['security'] },
  };
}

function resultOf(
  { check, resource, outcome, severity, evidence, mend }: Finding,
  checks: readonly Check[],
): SarifResult {
  const ruleIndex = checks.findIndex(({ id }) => id === check);
  return {
    ruleId: check,
    ...(ruleIndex >= 0 && { ruleIndex }),
    kind: KINDS[outcome],
    // §3.27.10: of what is no failure it is none.
    level: outcome === 'failed' ? LEVELS[severity] : 'none',
    message: message(evidence),
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: uriReference(resource) } },
        logicalLocations: [{ fullyQualifiedName: printable(resource), kind: 'resource' }],
      },
    ],
    // §3.27.17: by which the same finding is known again when its words have changed.
    partialFingerprints: { 'weightsealFinding/v1': fingerprint(check, resource) },
    // §3.27.23: on all results of a run, or on none.
    suppressions: [],
    properties: {
      severity,
      'security-severity': SCORES[severity],
      ...(mend && { command: printableLines(mend.command) }),
      ...(mend?.terraform !== undefined && { terraform: printableLines(mend.terraform) }),
    },
  };
}

function suppression({ acceptance: { reason, who, expires } }: AcceptedFinding): object {
  const justification = printable(`${reason} (accepted by ${who} until ${expires})`);
  return { kind: 'external', status: 'accepted', justification };
}

/** §3.11.5 and §3.11.6: braces would be placeholders, and brackets before parentheses a link, which somebody else's words shall not make. */
function message(text: string): SarifText {
  const shown = printable(text).replace(/[{}]/g, '$&$&');
  return { text: shown.includes('](') ? shown.replace(/[[\]]/g, '\\$&') : shown };
}

/** RFC 3986: what it has no character for is encoded. A name with a colon in its first part would be a scheme. */
function uriReference(resource: string): string {
  const encoded = encodeURI(resource.toWellFormed()).replace(
    /[[\]#?]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return /^[a-z][a-z0-9+.-]*:\/\//.test(encoded) ? encoded : encoded.replaceAll(':', '%3A');
}

function fingerprint(check: string, resource: string): string {
  return createHash('sha256')
    .update(JSON.stringify([check, resource]))
    .digest('hex');
}

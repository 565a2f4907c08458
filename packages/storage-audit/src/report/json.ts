import { VERSION } from '@weightseal/core';
import type { Finding, Severity } from '../types.js';
import { inOrder, type Report, SEVERITIES, withOutcome } from './report.js';

/** A part of the interface: a new member may come, and none goes or changes without another number. */
export const REPORT_FORMAT = 'weightseal-storage-audit/1';

export interface JsonReport extends Report {
  readonly format: typeof REPORT_FORMAT;
  /** The version of weightseal. */
  readonly version: string;
  readonly counts: {
    /** By severity. */
    readonly failed: Readonly<Record<Severity, number>>;
    readonly unread: Readonly<Record<Severity, number>>;
    readonly passed: number;
    readonly inapplicable: number;
    readonly accepted: number;
  };
}

/** For programs: `JSON.stringify` of it is always the same for the same findings, in whatever order they came. */
export function jsonOf({ place, scope, checks, findings, accepted = [], stale = [] }: Report): JsonReport {
  return {
    format: REPORT_FORMAT,
    version: VERSION,
    place,
    ...(scope && { scope }),
    counts: {
      failed: bySeverity(withOutcome(findings, 'failed')),
      unread: bySeverity(withOutcome(findings, 'unread')),
      passed: withOutcome(findings, 'passed').length,
      inapplicable: withOutcome(findings, 'inapplicable').length,
      accepted: accepted.length,
    },
    findings: inOrder(findings),
    accepted,
    stale,
    checks,
  };
}

function bySeverity(findings: readonly Finding[]): Record<Severity, number> {
  const counts = SEVERITIES.map((severity) => [
    severity,
    findings.filter((finding) => finding.severity === severity).length,
  ]);
  return Object.fromEntries(counts) as Record<Severity, number>;
}

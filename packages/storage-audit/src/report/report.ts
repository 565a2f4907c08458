import { shown } from '@weightseal/core';
import type { Check, Finding, Outcome, Severity } from '../types.js';
import type { AcceptedFinding, StaleAcceptance } from './apply-baseline.js';

/** Of what an audit is, where that is not all of it. */
export interface Scope {
  /** Whether it was looked at how the storage is set up. */
  readonly settings: boolean;
  /** Whether it was looked at what lies there. */
  readonly objects: boolean;
  /** Which share of the objects. */
  readonly sample?: number | undefined;
  /** Behind which cursor. */
  readonly after?: string | undefined;
}

/** What an audit came to. All forms of it, for people and for programs, are made of this. */
export interface Report {
  /** What was audited: `s3://models`, a directory. */
  readonly place: string;
  /** What of it was looked at; all of it unless told. */
  readonly scope?: Scope | undefined;
  /** All that was asked, whether or not anything was found by it. */
  readonly checks: readonly Check[];
  readonly findings: readonly Finding[];
  /** What a baseline accepts, and is none of `findings`. */
  readonly accepted?: readonly AcceptedFinding[] | undefined;
  /** What of a baseline has no effect, or not any more. */
  readonly stale?: readonly StaleAcceptance[] | undefined;
}

/** From the worst on. */
export const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info'];
export const OUTCOMES: readonly Outcome[] = ['failed', 'unread', 'passed', 'inapplicable'];

/** Whether the one is at least as bad as the other. */
export function isAtLeast(severity: Severity, least: Severity): boolean {
  return SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(least);
}

/** What is wrong first, then what could not be read; the worst of each first, and always in the same order. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  return findings.toSorted(
    (a, b) =>
      OUTCOMES.indexOf(a.outcome) - OUTCOMES.indexOf(b.outcome) ||
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      byText(a.check, b.check) ||
      byText(a.resource, b.resource) ||
      byText(a.evidence, b.evidence),
  );
}

/** The same on every machine, whatever language it speaks. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function withOutcome(findings: readonly Finding[], outcome: Outcome): Finding[] {
  return findings.filter((finding) => finding.outcome === outcome);
}

/** How many there are of each severity, in words: `1 critical, 2 high`. */
export function countsOf(findings: readonly Finding[]): string {
  return SEVERITIES.flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}`];
  }).join(', ');
}

/** A sentence of what was looked at, where that is not all of it. */
export function scopeOf({ scope }: Report): string | undefined {
  if (!scope) return undefined;
  const { settings, objects, sample = 1, after } = scope;
  const told = [
    ...(settings ? [] : ['not at how it is set up']),
    ...(objects ? [] : ['not at what lies there']),
    ...(objects ? partsOf({ sample, after }) : []),
  ];
  return told.length === 0 ? undefined : `It was looked ${told.join(', and ')}.`;
}

/** Of the objects. */
export function partsOf({ sample = 1, after }: Pick<Scope, 'sample' | 'after'>): string[] {
  return [
    ...(sample < 1 ? [`at a share of ${sample} of the objects only`] : []),
    ...(after === undefined || after === '' ? [] : [`only at what comes behind ${shown(after)}`]),
  ];
}

/** One line: how much of it is right. */
export function summaryOf({ findings, accepted = [] }: Report): string {
  const count = (outcome: Outcome) => withOutcome(findings, outcome);
  const [failed, unread] = [count('failed'), count('unread')];
  const told = (some: readonly Finding[], what: string) =>
    `${some.length} ${what}${some.length > 0 ? ` (${countsOf(some)})` : ''}`;
  return [
    told(failed, 'failed'),
    told(unread, 'could not be read'),
    `${count('passed').length} passed`,
    `${count('inapplicable').length} not applicable`,
    ...(accepted.length > 0 ? [`${accepted.length} accepted`] : []),
  ].join('; ');
}

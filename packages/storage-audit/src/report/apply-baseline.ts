import { isUtcTime, WeightsealError } from '@weightseal/core';
import type { Finding } from '../types.js';
import type { Acceptance, Baseline } from './baseline.js';
import { isAtLeast, SEVERITIES } from './report.js';

export interface AcceptedFinding {
  readonly finding: Finding;
  readonly acceptance: Acceptance;
}

/** An acceptance that has no effect. */
export interface StaleAcceptance {
  readonly acceptance: Acceptance;
  /** `expired`: it is over, and what it accepted counts again. `worse`: what it accepted is worse by now, and counts. `unmatched`: there is no such finding, any more or for a slip in it. */
  readonly why: 'expired' | 'worse' | 'unmatched';
}

export interface AppliedBaseline {
  /** What nobody has accepted. */
  readonly findings: readonly Finding[];
  readonly accepted: readonly AcceptedFinding[];
  readonly stale: readonly StaleAcceptance[];
}

/**
 * Takes out of the findings what a baseline accepts. What was accepted as failed and cannot be read now is not accepted, and the other way round; nor is what is worse than the acceptance says.
 *
 * @throws INVALID_ARGUMENT for a time that is none
 */
export function applyBaseline(
  findings: readonly Finding[],
  { accepted: acceptances }: Baseline,
  { now }: { readonly now: Date },
): AppliedBaseline {
  if (!(now instanceof Date) || Number.isNaN(now.getTime()))
    throw new WeightsealError('INVALID_ARGUMENT', '`now` must be a Date.');
  // A program may give one that no file could have: a time that is none would never come.
  const isOver = ({ expires }: Acceptance) => !isUtcTime(expires) || !(Date.parse(expires) > now.getTime());
  const byName = new Map(
    acceptances.map((one) => [nameOf(one.check, one.resource, one.outcome ?? 'failed'), one]),
  );
  const open: Finding[] = [];
  const accepted: AcceptedFinding[] = [];
  const [used, worse] = [new Set<Acceptance>(), new Set<Acceptance>()];
  for (const finding of findings) {
    const acceptance = byName.get(nameOf(finding.check, finding.resource, finding.outcome));
    const isCovered = acceptance !== undefined && covers(acceptance, finding);
    if (acceptance) (isCovered ? used : worse).add(acceptance);
    if (isCovered && !isOver(acceptance)) accepted.push({ finding, acceptance });
    else open.push(finding);
  }
  const unknown = namesUnread(findings);
  const stale = acceptances.flatMap((acceptance): StaleAcceptance[] => {
    if (isOver(acceptance)) return [{ acceptance, why: 'expired' }];
    if (worse.has(acceptance)) return [{ acceptance, why: 'worse' }];
    // Nobody knows whether what cannot be read now is still as it was.
    const isUnknown = unknown.has(nameOf(acceptance.check, acceptance.resource));
    return used.has(acceptance) || isUnknown ? [] : [{ acceptance, why: 'unmatched' }];
  });
  return { findings: open, accepted, stale };
}

function covers({ severity }: Acceptance, finding: Finding): boolean {
  return SEVERITIES.includes(severity) && isAtLeast(severity, finding.severity);
}

function namesUnread(findings: readonly Finding[]): Set<string> {
  const unread = findings.filter(({ outcome }) => outcome === 'unread');
  return new Set(unread.map(({ check, resource }) => nameOf(check, resource)));
}

function nameOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}

import { isUtcTime, WeightsealError } from '@weightseal/core';
import type { Finding } from '../types.js';
import { foundOf } from './accept.js';
import type { Acceptance, Baseline } from './baseline.js';
import { isAtLeast, SEVERITIES } from './report.js';

export interface AcceptedFinding {
  readonly finding: Finding;
  readonly acceptance: Acceptance;
}

/** An acceptance that has no effect. */
export interface StaleAcceptance {
  readonly acceptance: Acceptance;
  /** `expired`: it is over, and what it accepted counts again. `worse`: what it accepted is worse by now, or more, and counts. `changed`: what is found by now is not what it accepted, and counts. `unmatched`: there is no such finding, any more or for a slip in it. */
  readonly why: 'expired' | 'worse' | 'changed' | 'unmatched';
}

export interface AppliedBaseline {
  /** What nobody has accepted. */
  readonly findings: readonly Finding[];
  readonly accepted: readonly AcceptedFinding[];
  readonly stale: readonly StaleAcceptance[];
}

/**
 * Takes out of the findings what a baseline accepts. What was accepted as failed and cannot be read now is not accepted, and the other way round; nor is what is worse than the acceptance says, more, or
 * something else.
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
  const byName = Map.groupBy(acceptances, (one) => nameOf(one.check, one.resource, one.outcome ?? 'failed'));
  const open: Finding[] = [];
  const accepted: AcceptedFinding[] = [];
  const [used, worse, changed] = [new Set<Acceptance>(), new Set<Acceptance>(), new Set<Acceptance>()];
  for (const finding of findings) {
    const named = byName.get(nameOf(finding.check, finding.resource, finding.outcome)) ?? [];
    const same = named.filter(({ found }) => found === foundOf(finding));
    const acceptance = same.find((one) => covers(one, finding));
    if (acceptance) used.add(acceptance);
    else for (const one of named) (same.includes(one) ? worse : changed).add(one);
    if (acceptance && !isOver(acceptance)) accepted.push({ finding, acceptance });
    else open.push(finding);
  }
  const unknown = namesUnread(findings);
  const stale = acceptances.flatMap((acceptance): StaleAcceptance[] => {
    if (isOver(acceptance)) return [{ acceptance, why: 'expired' }];
    if (worse.has(acceptance)) return [{ acceptance, why: 'worse' }];
    // Nobody knows whether what cannot be read now is still as it was.
    const isUnknown = unknown.has(nameOf(acceptance.check, acceptance.resource));
    if (used.has(acceptance)) return [];
    if (changed.has(acceptance)) return [{ acceptance, why: 'changed' }];
    return isUnknown ? [] : [{ acceptance, why: 'unmatched' }];
  });
  return { findings: open, accepted, stale };
}

function covers({ severity, count = 0 }: Acceptance, finding: Finding): boolean {
  if (!SEVERITIES.includes(severity) || !isAtLeast(severity, finding.severity)) return false;
  return (finding.count ?? 0) <= count;
}

function namesUnread(findings: readonly Finding[]): Set<string> {
  const unread = findings.filter(({ outcome }) => outcome === 'unread');
  return new Set(unread.map(({ check, resource }) => nameOf(check, resource)));
}

function nameOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}

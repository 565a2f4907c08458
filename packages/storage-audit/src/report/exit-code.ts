import { WeightsealError } from '@weightseal/core';
import type { Finding, Severity } from '../types.js';
import { isAtLeast, OUTCOMES, SEVERITIES, withOutcome } from './report.js';
import { printable } from './text.js';

/** Beside the exit codes of the command line, which end at 8 and begin again at 126. */
const FAILED: Readonly<Record<Severity, number>> = { critical: 14, high: 13, medium: 12, low: 11, info: 10 };
const UNREAD = 9;

export interface ExitCodeOptions {
  /** From which severity on a finding counts; `never` for none. `low` unless told: what is for information does not. */
  readonly failOn?: Severity | 'never' | undefined;
}

/**
 * What a process ends with: 10 to 14 by the worst of what failed (info, low, medium, high, critical), 9 where nothing failed and something that counts could not be read, which is never as good as
 * passed, and else 0. What a baseline accepts is left out before (`applyBaseline`).
 *
 * @throws INVALID_ARGUMENT for a `failOn`, and for a severity or an outcome of a finding, that there is none of: by it nothing would count
 */
export function exitCodeOf(findings: readonly Finding[], { failOn = 'low' }: ExitCodeOptions = {}): number {
  if (failOn !== 'never') checkOne(SEVERITIES, failOn, '`failOn`');
  for (const { severity, outcome } of findings) {
    checkOne(SEVERITIES, severity, 'The severity of a finding');
    checkOne(OUTCOMES, outcome, 'The outcome of a finding');
  }
  if (failOn === 'never') return 0;
  const counted = findings.filter(({ severity }) => isAtLeast(severity, failOn));
  const failed = withOutcome(counted, 'failed');
  const worst = SEVERITIES.find((severity) => failed.some((finding) => finding.severity === severity));
  if (worst) return FAILED[worst];
  return withOutcome(counted, 'unread').length > 0 ? UNREAD : 0;
}

function checkOne(known: readonly string[], given: unknown, what: string): void {
  if (known.includes(given as string)) return;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `${what} is ${printable(String(given)).slice(0, 100)}; it must be one of ${known.join(', ')}.`,
  );
}

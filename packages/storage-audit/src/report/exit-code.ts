import type { Finding, Severity } from '../types.js';
import { isAtLeast, SEVERITIES, withOutcome } from './report.js';

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
 */
export function exitCodeOf(findings: readonly Finding[], { failOn = 'low' }: ExitCodeOptions = {}): number {
  if (failOn === 'never') return 0;
  const counted = findings.filter(({ severity }) => isAtLeast(severity, failOn));
  const failed = withOutcome(counted, 'failed');
  const worst = SEVERITIES.find((severity) => failed.some((finding) => finding.severity === severity));
  if (worst) return FAILED[worst];
  return withOutcome(counted, 'unread').length > 0 ? UNREAD : 0;
}

import { isWeightsealError } from '@weightseal/core';
import { printable } from '../report/text.js';
import type { Finding, Outcome } from '../types.js';
import { CHECKS, type ObjectCheck } from './checks.js';

export function found(check: ObjectCheck, resource: string, outcome: Outcome, evidence: string): Finding {
  const { id, severity } = CHECKS[check];
  return { check: id, resource, outcome, severity: severity.plain, evidence: printable(evidence) };
}

/** Of so many that are not told one by one; whoever accepts that has accepted no more of them. */
export function counted(
  check: ObjectCheck,
  resource: string,
  outcome: Outcome,
  evidence: (number: string) => string,
  count: number,
): Finding {
  return {
    ...found(check, resource, outcome, evidence(String(count))),
    facts: printable(evidence('N')),
    count,
  };
}

/** The code and the sentence of an error, which says what to do. */
export function toldOf(error: unknown): string {
  return isWeightsealError(error) ? `${error.message} (${error.code})` : String(error);
}

/** What ends all of it, and is nothing of an object. */
export function isEnd(error: unknown): boolean {
  return !isWeightsealError(error) || ['aborted', 'internal', 'usage'].includes(error.class);
}

/** What was removed between the listing and the look. */
export function isGone(error: unknown): boolean {
  return isWeightsealError(error) && error.code === 'INPUT_NOT_FOUND';
}

export function codeOf(error: unknown): string | undefined {
  return isWeightsealError(error) ? error.code : undefined;
}

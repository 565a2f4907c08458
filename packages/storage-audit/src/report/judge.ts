import type { Check, Finding, Mend, Outcome, Severity } from '../types.js';
import { printable } from './text.js';

/** What a check came to, before it is said of whom. */
export interface Judgement {
  readonly outcome: Outcome;
  readonly evidence: string;
  readonly mend?: Mend | undefined;
  /** As a finding has them, where it is told of several together. */
  readonly counted?: Pick<Finding, 'facts' | 'count'> | undefined;
  /** Where this case is worse, or less bad, than the check by itself. */
  readonly severity?: Check['severity'] | undefined;
}

export function passed(evidence: string): Judgement {
  return { outcome: 'passed', evidence };
}

export function failed(evidence: string, mend?: Mend, severity?: Check['severity']): Judgement {
  return { outcome: 'failed', evidence, mend, severity };
}

export function unread(evidence: string): Judgement {
  return { outcome: 'unread', evidence };
}

export function inapplicable(evidence: string): Judgement {
  return { outcome: 'inapplicable', evidence };
}

export function findingOf(check: Check, resource: string, judgement: Judgement, sealed: boolean): Finding {
  const { outcome, evidence, mend, counted } = judgement;
  const severity: Severity = (judgement.severity ?? check.severity)[sealed ? 'sealed' : 'plain'];
  // Whoever prints it by itself must not have a terminal act on names that are somebody else's.
  return {
    check: check.id,
    resource,
    outcome,
    severity,
    evidence: printable(evidence),
    ...counted,
    ...(mend && { mend }),
  };
}

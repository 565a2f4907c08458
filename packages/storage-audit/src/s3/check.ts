import type { Check, Mend, Outcome } from '../types.js';
import type { Facts } from './facts.js';

/** What a check has found. */
export interface Result {
  readonly outcome: Outcome;
  readonly evidence: string;
  readonly mend?: Mend | undefined;
  /** As a finding has them. */
  readonly facts?: string | undefined;
  /** The bucket, unless told. */
  readonly resource?: string | undefined;
  /** Where it is another than the check's. */
  readonly severity?: Check['severity'] | undefined;
}

export interface S3Check extends Check {
  /** @throws Unread, where what it is about could not be read */
  readonly look: (facts: Facts) => Promise<Result | readonly Result[]>;
}

export function passed(evidence: string): Result {
  return { outcome: 'passed', evidence };
}

export function failed(
  evidence: string,
  mend: Mend,
  more: Pick<Result, 'resource' | 'severity' | 'facts'> = {},
): Result {
  return { outcome: 'failed', evidence, mend, ...more };
}

export function inapplicable(evidence: string): Result {
  return { outcome: 'inapplicable', evidence };
}

/** Whether the default of a bucket is a key of AWS KMS. */
export function isKms(algorithm: string | undefined): boolean {
  return algorithm === 'aws:kms' || algorithm === 'aws:kms:dsse';
}

/** `1 day`, `30 days` */
export function times(count: number | undefined, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

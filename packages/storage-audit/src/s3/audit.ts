import { isWeightsealError, throwIfAborted } from '@weightseal/core';
import type { Check, Finding } from '../types.js';
import type { Result, S3Check } from './check.js';
import { CHECKS } from './checks.js';
import { Clients } from './clients.js';
import { Facts } from './facts.js';
import { Unread } from './failures.js';
import { checkBucket, checkedOptions, type S3AuditOptions } from './options.js';

/** Every check of a bucket of S3, for reports. */
export const S3_CHECKS: readonly Check[] = CHECKS.map(({ look: _, ...check }) => check);

/**
 * Looks at how a bucket of Amazon S3, or of a server that speaks it, is set up. It reads only, and no object; nothing is loaded or asked before the first finding is. What could
 * not be read is told as that, with the reason, and never as passed.
 *
 * @throws INVALID_ARGUMENT; while it is read, INPUT_NOT_FOUND where there is no such bucket, STORE_DENIED where the credentials are not known, STORE_RESPONSE_INVALID where the bucket is in another region, ABORTED
 */
export function auditS3(bucket: string, options: S3AuditOptions = {}): AsyncIterable<Finding> {
  checkBucket(bucket);
  return findings(bucket, checkedOptions(options));
}

async function* findings(bucket: string, options: S3AuditOptions): AsyncGenerator<Finding, void, undefined> {
  const clients = new Clients(options);
  const facts = new Facts(bucket, options, clients);
  try {
    for (const check of CHECKS) {
      throwIfAborted(options.signal);
      for (const result of await looked(check, facts)) yield finding(check, facts, result);
    }
  } finally {
    clients.close();
  }
}

async function looked(check: S3Check, facts: Facts): Promise<readonly Result[]> {
  try {
    return [await check.look(facts)].flat();
  } catch (error) {
    // A policy may be too intricate for a check. All else that is an error ends the audit.
    const unread =
      error instanceof Unread || (isWeightsealError(error) && error.code === 'STORE_UNSUPPORTED');
    if (!unread) throw error;
    return [{ outcome: 'unread', evidence: error.message }];
  }
}

function finding(check: S3Check, { uri, options }: Facts, result: Result): Finding {
  const severity = result.severity ?? check.severity;
  return {
    check: check.id,
    resource: result.resource ?? uri,
    outcome: result.outcome,
    severity: options.sealed === true ? severity.sealed : severity.plain,
    evidence: result.evidence,
    ...(result.facts !== undefined && { facts: result.facts }),
    ...(result.mend && { mend: result.mend }),
  };
}

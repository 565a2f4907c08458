import { createHash } from 'node:crypto';
import type { Finding } from '../types.js';
import type { Acceptance } from './baseline.js';

/** The acceptance of a finding as it is now, for a baseline. */
export function acceptanceOf(
  finding: Finding,
  { reason, who, expires }: Pick<Acceptance, 'reason' | 'who' | 'expires'>,
): Acceptance {
  const { check, resource, severity, outcome, count } = finding;
  const found = foundOf(finding);
  return {
    check,
    resource,
    severity,
    ...(found !== undefined && { found }),
    ...(count !== undefined && { count }),
    ...(outcome === 'unread' && { outcome }),
    reason,
    who,
    expires,
  };
}

/** What was found, as a digest: by its facts, or else by the sentence. Why something could not be read is no fact of it, unless it says so. */
export function foundOf({ outcome, evidence, facts }: Finding): string | undefined {
  const told = facts ?? (outcome === 'failed' ? evidence : undefined);
  return told === undefined ? undefined : createHash('sha256').update(told).digest('hex');
}

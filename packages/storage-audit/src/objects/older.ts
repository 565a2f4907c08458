import { isWeightsealError } from '@weightseal/core';
import { Unread } from '../s3/failures.js';
import type { Severity } from '../types.js';
import { found, isEnd, toldOf } from './found.js';
import type { Place } from './place.js';
import type { AuditedObject, CountVersions } from './types.js';

/** How many older versions lie there: they are counted, and none is read. */
export async function lookAtVersions(
  place: Place,
  count: CountVersions,
  signal: AbortSignal | undefined,
): Promise<AuditedObject> {
  const told = (evidence: string, severity?: Severity): AuditedObject => ({
    kind: 'older',
    path: '',
    findings: [{ ...found('versions', place.name, 'unread', evidence), ...(severity && { severity }) }],
  });
  try {
    const older = await count({ signal });
    if (older.count === 0) return { kind: 'older', path: '', findings: [] };
    return told(
      `There are ${older.count} older versions, of ${older.size} bytes, which were not looked at: what was plain before it was sealed may be among them. That versions are kept is as it should be.`,
      'info',
    );
  } catch (error) {
    if (isWeightsealError(error) && isEnd(error)) throw error;
    // What others throw may hold anything.
    const why = error instanceof Unread ? error.message : isWeightsealError(error) ? toldOf(error) : '';
    return told(`Whether older versions lie there could not be read. ${why}`.trimEnd());
  }
}

import { type KeyDescription, type RotationStatus, WeightsealError } from '@weightseal/core';
import { dataOf } from './answer.js';
import { type Asking, ask } from './ask.js';
import { invalidAnswer, type Operation } from './errors.js';
import { factsIn, type KeyFacts } from './key-facts.js';

const HOURS_A_DAY = 24;
const DAY_SECONDS = 86_400;
/** Go counts durations in nanoseconds, in 63 bits. */
const MAX_DAYS = 106_751;

export async function describeKey(asking: Asking): Promise<KeyDescription> {
  const { key } = asking;
  const facts = await read(asking);
  return {
    uri: key.uri,
    primaryVersion: String(facts.latestVersion),
    algorithm: facts.derived ? `${facts.type}, derived` : facts.type,
    state: facts.softDeleted ? 'pending-deletion' : 'enabled',
    protection: [
      facts.type === 'managed_key' ? 'external' : 'software',
      // Words of warning: the key can leave Vault, or be lost with all that it sealed.
      ...(facts.exportable ? ['exportable'] : []),
      ...(facts.deletable ? ['deletable'] : []),
    ].join(', '),
  };
}

/** Makes a new version, and returns its number. */
export async function rotateKey(asking: Asking): Promise<string> {
  const { latestVersion } = await change(asking, 'rotate the key', {});
  return String(latestVersion);
}

export async function rotationStatus(asking: Asking): Promise<RotationStatus> {
  const { autoRotateSeconds: seconds = 0, latestMade: last } = await read(asking);
  if (seconds === 0) return { automatic: false, last };
  const next = last && new Date(last.getTime() + seconds * 1000);
  return { automatic: true, everyDays: seconds / DAY_SECONDS, last, next };
}

export async function scheduleRotation(asking: Asking, everyDays: number | undefined): Promise<void> {
  const { key } = asking;
  if (everyDays !== undefined && (!Number.isInteger(everyDays) || everyDays < 1 || everyDays > MAX_DAYS)) {
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `${key.uri} can rotate every 1 to ${MAX_DAYS} days; name a whole number of them.`,
    );
  }
  const period = everyDays === undefined ? '0' : `${everyDays * HOURS_A_DAY}h`;
  const facts = await change(asking, 'configure the key', { auto_rotate_period: period });
  // Before 1.10 Vault ignores what it does not know.
  if ((facts.autoRotateSeconds ?? 0) !== (everyDays ?? 0) * DAY_SECONDS) {
    throw invalidAnswer(key, 'the key does not rotate as it was told; Vault can do that from 1.10 on');
  }
}

async function read(asking: Asking): Promise<KeyFacts> {
  return factsIn(dataOf(await ask(asking, 'read the key'), asking.key), asking.key);
}

/** Newer servers answer with the key as it is now; older ones with nothing. */
async function change(asking: Asking, operation: Operation, settings: object): Promise<KeyFacts> {
  const answer = await ask(asking, operation, Buffer.from(JSON.stringify(settings)));
  return answer.length === 0 ? read(asking) : factsIn(dataOf(answer, asking.key), asking.key);
}

import {
  type KeyCallOptions,
  type KeyDescriber,
  type KeyDescription,
  type KeyState,
  type Limits,
  type RotationScheduler,
  type RotationStatus,
  WeightsealError,
  within,
} from '@weightseal/core';
import type { Ask } from './ask.js';
import { strange } from './data-key-calls.js';
import { int64 } from './int64.js';
import { isNameOf, isVersionOf, type KeyName, versionNumber } from './key-name.js';
import type { Calls } from './operations.js';

export type LimitsOf = (call: KeyCallOptions | undefined, doing: string) => Limits;

type CryptoKey = Calls['getCryptoKey']['answer'];
type CryptoKeyVersion = Calls['getCryptoKeyVersion']['answer'];

const DAY_SECONDS = 86_400;
const LAST_SECOND = 253_402_300_799;
/** CryptoKey.rotation_period: at least 24 hours and at most 876 000. */
const MIN_DAYS = 1;
const MAX_DAYS = 36_500;

/** CryptoKeyVersionState. What is still to be generated or imported, or never was, cannot be used either. */
const states: Readonly<Record<string, KeyState>> = {
  ENABLED: 'enabled',
  DISABLED: 'disabled',
  PENDING_GENERATION: 'disabled',
  PENDING_IMPORT: 'disabled',
  GENERATION_FAILED: 'disabled',
  IMPORT_FAILED: 'disabled',
  DESTROY_SCHEDULED: 'pending-deletion',
  DESTROYED: 'destroyed',
  PENDING_EXTERNAL_DESTRUCTION: 'destroyed',
  EXTERNAL_DESTRUCTION_FAILED: 'destroyed',
};

/** What an operator asks of a key, and how it turns over by itself. */
export function keyManagement(
  name: KeyName,
  uri: string,
  ask: Ask,
  limits: LimitsOf,
): KeyDescriber & RotationScheduler {
  return {
    describe: (call) =>
      within(limits(call, 'describe'), async (stop) => {
        const key = await cryptoKey(name, ask, stop);
        const version =
          name.pinned === undefined ? key.primary : await keyVersion(name.pinned, name, ask, stop);
        return description(uri, key, version ?? undefined);
      }),
    rotationStatus: (call) =>
      within(limits(call, 'ask for the rotation of'), async (stop) =>
        rotationStatus(await cryptoKey(name, ask, stop)),
      ),
    async scheduleRotation(everyDays, call) {
      const schedule = everyDays === undefined ? {} : scheduleOf(everyDays);
      await within(limits(call, 'schedule the rotation of'), async (stop) => {
        const answer = await ask(
          'updateCryptoKey',
          {
            cryptoKey: { name: name.key, ...schedule },
            updateMask: { paths: ['rotation_period', 'next_rotation_time'] },
          },
          stop,
        );
        if (rotationStatus(answer).everyDays !== everyDays) throw strange('did not take the schedule', name);
      });
    },
  };
}

/** @throws KEY_RESPONSE_INVALID for the version of another key */
export async function keyVersion(
  version: string,
  name: KeyName,
  ask: Ask,
  stop: AbortSignal,
): Promise<CryptoKeyVersion> {
  const answer = await ask('getCryptoKeyVersion', { name: version }, stop);
  if (!isVersionOf(answer.name, name) || versionNumber(answer.name) !== versionNumber(version))
    throw strange('described another version', name);
  return answer;
}

/** @throws KEY_RESPONSE_INVALID for another key */
async function cryptoKey(name: KeyName, ask: Ask, stop: AbortSignal): Promise<CryptoKey> {
  const answer = await ask('getCryptoKey', { name: name.key }, stop);
  if (!isNameOf(answer.name, name)) throw strange('described another key', name);
  if (answer.primary && !isVersionOf(answer.primary.name, name))
    throw strange('named a version of another key as primary', name);
  return answer;
}

/** A key without a primary version (its material still to be imported, say) can wrap nothing. */
function description(uri: string, key: CryptoKey, version: CryptoKeyVersion | undefined): KeyDescription {
  const { versionTemplate: template } = key;
  return {
    uri,
    primaryVersion: version?.name ?? '',
    algorithm: String(version?.algorithm ?? template?.algorithm ?? ''),
    state: version === undefined ? 'disabled' : (states[String(version.state)] ?? 'unknown'),
    protection: protectionOf(version?.protectionLevel ?? template?.protectionLevel),
  };
}

/** `software`, `hsm`, `external`, `external-vpc`, `hsm-single-tenant`. */
function protectionOf(level: unknown): string {
  if (typeof level !== 'string' || level === 'PROTECTION_LEVEL_UNSPECIFIED') return 'unknown';
  return level.toLowerCase().replaceAll('_', '-');
}

function rotationStatus({ rotationPeriod, nextRotationTime, primary }: CryptoKey): RotationStatus {
  const seconds = int64(rotationPeriod?.seconds) ?? 0;
  const automatic = seconds > 0;
  // The first version is the key itself, not a rotation of it.
  const rotated = typeof primary?.name === 'string' && versionNumber(primary.name) !== '1';
  return {
    automatic,
    everyDays: automatic ? seconds / DAY_SECONDS : undefined,
    last: rotated ? date(primary.createTime?.seconds) : undefined,
    next: automatic ? date(nextRotationTime?.seconds) : undefined,
  };
}

/** The first rotation comes one period from now, as after each rotation. @throws INVALID_ARGUMENT */
function scheduleOf(everyDays: number): Partial<CryptoKey> {
  if (!Number.isInteger(everyDays) || everyDays < MIN_DAYS || everyDays > MAX_DAYS) {
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `Cloud KMS rotates a key every ${MIN_DAYS} to ${MAX_DAYS} days; name a whole number of them.`,
    );
  }
  const seconds = everyDays * DAY_SECONDS;
  return {
    rotationPeriod: { seconds },
    nextRotationTime: { seconds: Math.floor(Date.now() / 1000) + seconds },
  };
}

function date(seconds: unknown): Date | undefined {
  const value = int64(seconds);
  // The last second of google.protobuf.Timestamp; a Date of later ones throws when it is shown.
  return value === undefined || value > LAST_SECOND ? undefined : new Date(value * 1000);
}

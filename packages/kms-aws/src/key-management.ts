import type { KeyMetadata } from '@aws-sdk/client-kms';
import {
  isWeightsealError,
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
import type { KeyName } from './key-name.js';
import { answeredVersion, type KeyVersion, strange, versionName } from './key-version.js';

export type LimitsOf = (call: KeyCallOptions | undefined, doing: string) => Limits;

/** EnableKeyRotation, RotationPeriodInDays. */
const MIN_DAYS = 90;
const MAX_DAYS = 2560;
/** ListKeyRotations, Limit: more than any key has. */
const ROTATIONS = 1000;

// Maps, since an answer can hold any name, `constructor` too, and things that are none.
const states: ReadonlyMap<unknown, KeyState> = new Map<unknown, KeyState>([
  ['Enabled', 'enabled'],
  // While another Region becomes the primary one, the key goes on working.
  ['Updating', 'enabled'],
  ['Disabled', 'disabled'],
  ['PendingImport', 'disabled'],
  ['PendingDeletion', 'pending-deletion'],
  ['PendingReplicaDeletion', 'pending-deletion'],
]);

const protections: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  ['AWS_KMS', 'hsm'],
  ['EXTERNAL', 'hsm, imported'],
  ['AWS_CLOUDHSM', 'cloudhsm'],
  ['EXTERNAL_KEY_STORE', 'external'],
]);

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
        const { metadata, version } = await describeKey(name, ask, stop);
        return description(uri, metadata, version);
      }),
    rotationStatus: (call) =>
      within(limits(call, 'ask for the rotation of'), async (stop) => {
        const KeyId = await rotatableId(name, ask, stop);
        return rotationStatus(KeyId, ask, stop);
      }),
    async scheduleRotation(everyDays, call) {
      checkPeriod(everyDays);
      await within(limits(call, 'schedule the rotation of'), async (stop) => {
        const KeyId = await rotatableId(name, ask, stop);
        await setRotation(KeyId, everyDays, ask, stop);
      });
    },
  };
}

/** @throws KEY_RESPONSE_INVALID for the description of another key */
export async function describeKey(
  name: KeyName,
  ask: Ask,
  stop: AbortSignal,
): Promise<{ metadata: KeyMetadata; version: KeyVersion }> {
  const { KeyMetadata: metadata } = await ask('DescribeKey', stop, ({ sdk, client, KeyId, abort }) =>
    client.send(new sdk.DescribeKeyCommand({ KeyId }), abort),
  );
  if (metadata === undefined) throw strange('described no key', name);
  const KeyId = metadata.Arn ?? metadata.KeyId;
  return {
    metadata,
    version: answeredVersion({ KeyId, KeyMaterialId: metadata.CurrentKeyMaterialId }, name),
  };
}

/** What the rotation calls take as KeyId: they know no aliases. */
async function rotatableId(name: KeyName, ask: Ask, stop: AbortSignal): Promise<string> {
  return name.expected === undefined ? (await describeKey(name, ask, stop)).version.key : name.keyId;
}

function description(uri: string, metadata: KeyMetadata, version: KeyVersion): KeyDescription {
  return {
    uri,
    primaryVersion: versionName(version),
    // SYMMETRIC_DEFAULT, which is the algorithm's name too; any other key is of no use here.
    algorithm: metadata.KeySpec ?? '',
    state: states.get(metadata.KeyState) ?? 'unknown',
    protection: protections.get(metadata.Origin) ?? 'unknown',
  };
}

async function rotationStatus(KeyId: string, ask: Ask, stop: AbortSignal): Promise<RotationStatus> {
  const status = await ask('GetKeyRotationStatus', stop, ({ sdk, client, abort }) =>
    client.send(new sdk.GetKeyRotationStatusCommand({ KeyId }), abort),
  );
  const automatic = status.KeyRotationEnabled === true;
  return {
    automatic,
    everyDays: automatic ? status.RotationPeriodInDays : undefined,
    last: await lastRotation(KeyId, ask, stop),
    next: automatic ? status.NextRotationDate : undefined,
  };
}

/** Undefined also for one who may not list the rotations: the rest of the status is worth telling. */
async function lastRotation(KeyId: string, ask: Ask, stop: AbortSignal): Promise<Date | undefined> {
  try {
    const { Rotations: rotations } = await ask('ListKeyRotations', stop, ({ sdk, client, abort }) =>
      client.send(new sdk.ListKeyRotationsCommand({ KeyId, Limit: ROTATIONS }), abort),
    );
    const times = Array.isArray(rotations) ? rotations.map((one) => one?.RotationDate?.getTime() ?? 0) : [];
    const last = Math.max(0, ...times);
    return last === 0 ? undefined : new Date(last);
  } catch (error) {
    if (isWeightsealError(error) && error.code === 'KEY_DENIED') return undefined;
    throw error;
  }
}

function checkPeriod(everyDays: number | undefined): void {
  if (everyDays === undefined) return;
  if (Number.isInteger(everyDays) && everyDays >= MIN_DAYS && everyDays <= MAX_DAYS) return;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `AWS KMS rotates a key every ${MIN_DAYS} to ${MAX_DAYS} days; name a whole number of them.`,
  );
}

async function setRotation(
  KeyId: string,
  everyDays: number | undefined,
  ask: Ask,
  stop: AbortSignal,
): Promise<void> {
  if (everyDays === undefined) {
    await ask('DisableKeyRotation', stop, ({ sdk, client, abort }) =>
      client.send(new sdk.DisableKeyRotationCommand({ KeyId }), abort),
    );
    return;
  }
  await ask('EnableKeyRotation', stop, ({ sdk, client, abort }) =>
    client.send(new sdk.EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: everyDays }), abort),
  );
}

import { setTimeout } from 'node:timers/promises';
import { isWeightsealError, type KeyRotator, WeightsealError, within } from '@weightseal/core';
import type { Ask } from './ask.js';
import { strange } from './data-key-calls.js';
import { keyVersion, type LimitsOf } from './key-management.js';
import { isVersionOf, type KeyName, versionNumber } from './key-name.js';

const LOOK_AGAIN_MS = 500;

/**
 * Makes a version, waits until it can be used (an HSM takes its time to generate it), and makes it primary. Cloud KMS is
 * eventually consistent there: for a minute, in rare cases for hours, Encrypt may go on with the version before.
 */
export function keyRotator(name: KeyName, ask: Ask, limits: LimitsOf): KeyRotator {
  return {
    async rotate(call) {
      if (name.pinned !== undefined) throw pinned(name.pinned);
      let made: string | undefined;
      try {
        return await within(limits(call, 'rotate'), async (stop) => {
          made = await newVersion(name, ask, stop);
          await makePrimary(made, name, ask, stop);
          return made;
        });
      } catch (error) {
        throw made !== undefined && isWeightsealError(error) ? unfinished(made, error) : error;
      }
    },
  };
}

async function newVersion(name: KeyName, ask: Ask, stop: AbortSignal): Promise<string> {
  const answer = await ask('createCryptoKeyVersion', { parent: name.key, cryptoKeyVersion: {} }, stop);
  if (!isVersionOf(answer.name, name)) throw strange('made a version of another key', name);
  return answer.name;
}

async function makePrimary(version: string, name: KeyName, ask: Ask, stop: AbortSignal): Promise<void> {
  await usable(version, name, ask, stop);
  const answer = await ask(
    'updateCryptoKeyPrimaryVersion',
    { name: name.key, cryptoKeyVersionId: versionNumber(version) },
    stop,
  );
  const primary = answer.primary?.name;
  if (!isVersionOf(primary, name) || versionNumber(primary) !== versionNumber(version))
    throw strange('did not make the new version primary', name);
}

async function usable(version: string, name: KeyName, ask: Ask, stop: AbortSignal): Promise<void> {
  for (;;) {
    const { state } = await keyVersion(version, name, ask, stop);
    if (state === 'ENABLED') return;
    if (state !== 'PENDING_GENERATION') throw notGenerated(version, String(state));
    await setTimeout(LOOK_AGAIN_MS, undefined, { signal: stop, ref: false });
  }
}

function pinned(version: string): WeightsealError {
  return new WeightsealError(
    'INVALID_ARGUMENT',
    `The key is pinned to ${version}, so another version would not be used. Name the key without a version to rotate it.`,
  );
}

function notGenerated(version: string, state: string): WeightsealError {
  return new WeightsealError(
    'KEY_DISABLED',
    `The new version ${version} cannot be used: its state is ${/^[A-Z_]{1,40}$/.test(state) ? state : 'unknown'}.`,
  );
}

function unfinished(version: string, error: WeightsealError): WeightsealError {
  return new WeightsealError(
    error.code,
    `${error.message} A new version was made meanwhile, ${version}; look whether it is primary (gcloud kms keys describe), and make it so (gcloud kms keys update --primary-version) rather than rotate again.`,
    { cause: error.cause },
  );
}

import { setTimeout } from 'node:timers/promises';
import { isWeightsealError, type KeyRotator, WeightsealError, within } from '@weightseal/core';
import type { Ask } from './ask.js';
import { describeKey, type LimitsOf } from './key-management.js';
import type { KeyName } from './key-name.js';
import { versionName } from './key-version.js';

const LOOK_AGAIN_MS = 500;

/**
 * Rotates on demand. AWS KMS does it in the background and answers at once, so the key is looked at until it shows other
 * material: a wrap made after `rotate` is under the new one.
 */
export function keyRotator(name: KeyName, ask: Ask, limits: LimitsOf): KeyRotator {
  return {
    async rotate(call) {
      let begun = false;
      try {
        return await within(limits(call, 'rotate'), async (stop) => {
          const { version: before } = await describeKey(name, ask, stop);
          // Not by the caller's name, which may be an alias: this call knows none.
          await ask('RotateKeyOnDemand', stop, ({ sdk, client, abort }) =>
            client.send(new sdk.RotateKeyOnDemandCommand({ KeyId: before.key }), abort),
          );
          begun = true;
          return newVersion(before.material, name, ask, stop);
        });
      } catch (error) {
        throw begun && isWeightsealError(error) && error.code === 'KEY_TIMEOUT' ? goesOn(name, error) : error;
      }
    },
  };
}

/** Where no material is told, nothing can be waited for. */
async function newVersion(
  before: string | undefined,
  name: KeyName,
  ask: Ask,
  stop: AbortSignal,
): Promise<string> {
  for (;;) {
    const { version } = await describeKey(name, ask, stop);
    if (version.material === undefined || version.material !== before) return versionName(version);
    await setTimeout(LOOK_AGAIN_MS, undefined, { signal: stop, ref: false });
  }
}

function goesOn({ keyId }: KeyName, cause: WeightsealError): WeightsealError {
  return new WeightsealError(
    'KEY_TIMEOUT',
    `AWS KMS has begun to rotate ${keyId} and had not finished by the deadline. It goes on by itself: look at the key again later, or raise deadlineMs.`,
    { cause },
  );
}

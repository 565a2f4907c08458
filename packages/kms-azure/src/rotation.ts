import type { KeyRotationLifetimeAction, KeyRotationPolicy } from '@azure/keyvault-keys';
import { type RotationStatus, WeightsealError } from '@weightseal/core';
import { type Ask, answeredVersion, ask } from './ask.js';
import { addDuration, daysBetween } from './duration.js';
import { dateOf } from './key-facts.js';
import type { AzureClients } from './sdk-clients.js';
import { isManagedHsm } from './uri.js';

/** A vault rotates no sooner than seven days after a version was made, a Managed HSM no sooner than 28. */
const MIN_DAYS = { vault: 7, hsm: 28 } as const;
const MAX_DAYS = 36_500;

type Keys = Pick<AzureClients, 'keys'>;

/** Makes a new version, and returns its name. @throws INVALID_ARGUMENT for a key named with its version */
export async function rotateKey(asking: Ask, { keys }: Keys): Promise<string> {
  const { key } = asking;
  if (key.version !== undefined) {
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `${key.uri} names one version, which would go on wrapping after a rotation. Name the key without it.`,
    );
  }
  const { answer } = await ask(asking, 'rotate', (options) => keys.rotateKey(key.name, options));
  return answeredVersion(answer.id, key);
}

export async function rotationStatus(asking: Ask, { keys }: Keys): Promise<RotationStatus> {
  const { name } = asking.key;
  const [policy, key] = await Promise.all([
    policyOf(asking, { keys }),
    ask(asking, 'get', (options) => keys.getKey(name, options)),
  ]);
  const last = dateOf(key.answer.properties.createdOn);
  const expires = dateOf(key.answer.properties.expiresOn);
  const action = policy.lifetimeActions?.find(rotates);
  if (action === undefined || last === undefined) return { automatic: action !== undefined, last };
  const next = action.timeAfterCreate
    ? addDuration(last, action.timeAfterCreate, 1)
    : expires && addDuration(expires, action.timeBeforeExpiry ?? '', -1);
  return { automatic: true, last, next, everyDays: next && daysBetween(last, next) };
}

/** Sets or takes out the one action that rotates; expiry and notifications stay as they are. */
export async function scheduleRotation(
  asking: Ask,
  { keys }: Keys,
  everyDays: number | undefined,
): Promise<void> {
  const { key } = asking;
  const least = MIN_DAYS[isManagedHsm(key) ? 'hsm' : 'vault'];
  const days = everyDays ?? least;
  if (!Number.isInteger(days) || days < least || days > MAX_DAYS) {
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `${key.uri} can rotate every ${least} to ${MAX_DAYS} days; name a whole number of them.`,
    );
  }
  const { expiresIn, lifetimeActions = [] } = await policyOf(asking, { keys });
  const kept = lifetimeActions.filter((action) => !rotates(action));
  const rotate: KeyRotationLifetimeAction[] =
    everyDays === undefined ? [] : [{ action: 'Rotate', timeAfterCreate: `P${everyDays}D` }];
  const changed = {
    ...(expiresIn === undefined ? {} : { expiresIn }),
    lifetimeActions: [...rotate, ...kept],
  };
  await ask(asking, 'setRotationPolicy', (options) =>
    keys.updateKeyRotationPolicy(key.name, changed, options),
  );
}

async function policyOf(asking: Ask, { keys }: Keys): Promise<KeyRotationPolicy> {
  const { name } = asking.key;
  const { answer } = await ask(asking, 'getRotationPolicy', (options) =>
    keys.getKeyRotationPolicy(name, options),
  );
  return answer;
}

function rotates({ action }: KeyRotationLifetimeAction): boolean {
  return action === 'Rotate';
}

import { type KeyDescription, WeightsealError } from '@weightseal/core';
import { isId } from './blob.js';
import { ALGORITHM } from './constants.js';
import type { Answer } from './messages.js';

/** What the helper says of the key that a wrap made now would use. @throws KEY_RESPONSE_INVALID */
export function toDescription(uri: string, { version, description }: Answer): KeyDescription {
  if (!isId(version) || !description) throw incomplete(uri);
  const { hardware, manufacturer, model, enabled, extractable } = description;
  const kind = hardware ? 'hsm' : 'software';
  const leaves = extractable ? ', and the key can be read out of it' : '';
  return {
    uri,
    primaryVersion: version,
    algorithm: ALGORITHM,
    state: enabled ? 'enabled' : 'disabled',
    protection: `${kind} (${model} by ${manufacturer}${leaves})`,
  };
}

/** @throws KEY_RESPONSE_INVALID */
export function versionIn(uri: string, { version }: Answer): string {
  if (isId(version)) return version;
  throw incomplete(uri);
}

function incomplete(uri: string): WeightsealError {
  return new WeightsealError('KEY_RESPONSE_INVALID', `The helper process left out the version of ${uri}.`);
}

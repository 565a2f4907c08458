import { splitKeyUri } from '@weightseal/core';

/** What AWS calls a key, and the region that its URI tells. @throws KEY_URI_INVALID */
export function keyParts(key: string): { readonly id: string; readonly region: string | undefined } {
  if (!key.startsWith('aws-kms://')) return { id: key, region: undefined };
  const { body, parameters } = splitKeyUri(key, 'aws-kms', ['region']);
  return { id: body, region: parameters['region'] };
}

// A key of somebody's own, which writes down each time that it is asked to unwrap: so it can be seen whether it was.
import { appendFileSync } from 'node:fs';
import { defineProvider, type KeyProvider, type KeyWrapper } from '@weightseal/core';
import { localKeyFromUri } from '@weightseal/kms-local';

export const provider: KeyProvider = defineProvider<{ log?: string }>({
  scheme: 'counted',
  options: ['log'],
  fromUri(uri, { log = 'asked' }): KeyWrapper {
    const key = localKeyFromUri(uri.replace(/^counted:/, 'local:'));
    const named = <T extends { readonly keyUri: string }>(slot: T): T => ({
      ...slot,
      keyUri: slot.keyUri.replace(/^counted:/, 'local:'),
    });
    return {
      provider: 'counted',
      uri,
      wrap: async (dataKey, context, options) => ({
        ...(await key.wrap(dataKey, context, options)),
        keyUri: uri,
      }),
      unwrap(wrapped, context, options) {
        appendFileSync(log, 'unwrap\n');
        return key.unwrap(named(wrapped), context, options);
      },
    };
  },
});

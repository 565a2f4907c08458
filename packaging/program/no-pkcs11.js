// Stands in for @weightseal/kms-pkcs11, whose helper is a process of Node's with native code.
import { WeightsealError } from '@weightseal/core';

export function pkcs11KeyFromUri() {
  throw new WeightsealError(
    'PROVIDER_MISSING',
    'This program has no keys of pkcs11:, which need native code. Use weightseal from npm: `npm install --global weightseal @weightseal/kms-pkcs11`.',
  );
}

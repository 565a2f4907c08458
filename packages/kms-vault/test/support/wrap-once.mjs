// Wraps with the key of an address, and says what came of it.
import { createVaultKey } from '@weightseal/kms-vault';

const key = createVaultKey({ address: process.argv[2], name: 'models' });
await key.wrap(new Uint8Array(32), {}).then(
  () => console.log('done'),
  ({ code, message }) => console.log(code, message),
);

import { objectStoreContract } from '@weightseal/store-contract';
import { describe, it } from 'vitest';
import { ADMIN } from '../test/stores.js';
import { emulatorAt } from './emulator.js';

const seaweedfs = await emulatorAt('WEIGHTSEAL_EMULATOR_SEAWEEDFS', ADMIN);

describe.skipIf(!seaweedfs)('SeaweedFS, skipped unless WEIGHTSEAL_EMULATOR_SEAWEEDFS is its URL', () => {
  if (!seaweedfs) return;
  objectStoreContract(
    { describe, it },
    {
      name: 'S3 on SeaweedFS',
      setup: seaweedfs.subject,
      many: true,
      without: {
        backslashKeys: 'SeaweedFS makes slashes of them',
        oneUploadWins: 'SeaweedFS looks at the condition before it writes, and not once more when it does',
      },
    },
  );
});

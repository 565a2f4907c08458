import { objectStoreContract } from '@weightseal/store-contract';
import { describe, it } from 'vitest';
import { emulatorAt } from './emulator.js';

const moto = await emulatorAt('WEIGHTSEAL_EMULATOR_MOTO');

describe.skipIf(!moto)('moto, skipped unless WEIGHTSEAL_EMULATOR_MOTO is its URL', () => {
  if (!moto) return;
  objectStoreContract(
    { describe, it },
    {
      name: 'S3 on moto',
      setup: moto.subject,
      many: true,
      without: {
        uploadIfVersion: 'moto ignores If-Match when an upload is completed',
        oneUploadWins: 'moto looks at the condition before it writes, and not once more when it does',
        copyIfVersion: 'moto ignores x-amz-copy-source-if-match',
        denied: 'moto looks at no credentials',
      },
    },
  );
});

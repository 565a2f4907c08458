import { objectStoreContract } from '@weightseal/store-contract';
import { describe, it } from 'vitest';
import { emulatorAt } from './emulator.js';

const LOOKS_FIRST = 'versitygw looks at the condition before it writes, and not once more when it does';

const versitygw = await emulatorAt('WEIGHTSEAL_EMULATOR_VERSITYGW');

describe.skipIf(!versitygw)('versitygw, skipped unless WEIGHTSEAL_EMULATOR_VERSITYGW is its URL', () => {
  if (!versitygw) return;
  objectStoreContract(
    { describe, it },
    {
      name: 'S3 on versitygw',
      setup: versitygw.subject,
      many: true,
      without: {
        keyBelowKey: 'its objects are files, and their prefixes directories',
        onePutWins: LOOKS_FIRST,
        oneUploadWins: LOOKS_FIRST,
      },
    },
  );
});

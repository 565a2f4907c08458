import { objectStoreContract } from '@weightseal/store-contract';
import { describe, it } from 'vitest';
import { emulatorAt } from './emulator.js';

const VARIABLE = 'WEIGHTSEAL_EMULATOR_FAKE_GCS_SERVER';
const emulator = await emulatorAt(VARIABLE);

describe.skipIf(!emulator)(`fake-gcs-server, skipped unless ${VARIABLE} is its URL`, () => {
  if (!emulator) return;
  objectStoreContract(
    { describe, it },
    {
      name: 'Google Cloud Storage on fake-gcs-server',
      setup: emulator.subject,
      many: true,
      without: {
        copy: 'Cloud Storage has none of a range',
        unfinished: 'Cloud Storage does not tell of sessions',
        resume: 'the server does not say what a session has; gcp-storage-emulator.test.ts has it',
        denied: 'the server looks at no credentials',
        uploadIfAbsent: 'the server ignores conditions of resumable uploads; writing.test.ts has them',
        uploadIfVersion: 'the server ignores conditions of resumable uploads; writing.test.ts has them',
        removeIfVersion: 'the server ignores conditions of DELETE; errors.test.ts has them',
      },
    },
  );
});

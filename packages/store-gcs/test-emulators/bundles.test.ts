import { describe } from 'vitest';
import { bundlesOn } from '../../core/test/store/support/bundles-on.js';
import { emulatorAt } from './emulator.js';

const VARIABLE = 'WEIGHTSEAL_EMULATOR_FAKE_GCS_SERVER';
const server = await emulatorAt(VARIABLE);

describe.skipIf(!server)(`fake-gcs-server, skipped unless ${VARIABLE} is its URL`, () => {
  if (server) bundlesOn('Google Cloud Storage on fake-gcs-server', server.subject);
});

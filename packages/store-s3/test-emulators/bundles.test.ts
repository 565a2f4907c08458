import { describe } from 'vitest';
import { bundlesOn } from '../../core/test/store/support/bundles-on.js';
import { ADMIN } from '../test/stores.js';
import { emulatorAt } from './emulator.js';

const servers = [
  ['SeaweedFS', 'WEIGHTSEAL_EMULATOR_SEAWEEDFS', await emulatorAt('WEIGHTSEAL_EMULATOR_SEAWEEDFS', ADMIN)],
  ['versitygw', 'WEIGHTSEAL_EMULATOR_VERSITYGW', await emulatorAt('WEIGHTSEAL_EMULATOR_VERSITYGW')],
] as const;

for (const [name, variable, server] of servers)
  describe.skipIf(!server)(`${name}, skipped unless ${variable} is its URL`, () => {
    if (server) bundlesOn(`S3 on ${name}`, server.subject, { looksFirst: name === 'versitygw' });
  });

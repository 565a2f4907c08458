import { faultSuite, grpcBusy, grpcFaultProxy } from '@weightseal/fault-proxy';
import { describe, it } from 'vitest';
import { faultsOf, onGrpc } from '../test/faults.js';
import { grpcKeyAt, SECRETS } from '../test/keys.js';
import { emulatorAt } from './emulator.js';

const VARIABLE = 'WEIGHTSEAL_EMULATOR_FAKE_CLOUD_KMS';
const emulator = emulatorAt(VARIABLE);

describe.skipIf(!emulator)(
  `fake-cloud-kms behind faults, skipped unless ${VARIABLE} is its host:port`,
  () => {
    if (!emulator) return;
    faultSuite(
      { describe, it: it.concurrent },
      {
        name: 'Cloud KMS on fake-cloud-kms',
        busy: grpcBusy,
        async setup(deadlineMs) {
          const proxy = await grpcFaultProxy({ upstream: emulator.address });
          const wrapper = grpcKeyAt(proxy.url, { name: await emulator.key(), deadlineMs });
          return { wrapper, proxy, secrets: SECRETS };
        },
        ...faultsOf(onGrpc),
      },
    );
  },
);

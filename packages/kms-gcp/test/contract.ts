import { randomBytes } from 'node:crypto';
import type { KeyWrapper } from '@weightseal/core';
import { keyWrapperContract } from '@weightseal/kms-contract';
import type { GcpKey } from '@weightseal/kms-gcp';
import { afterAll, describe, it } from 'vitest';
import { FakeKms } from './fake-kms.js';
import { SECRETS } from './keys.js';
import { start, type Transport, unreachable } from './servers.js';

/** Registers the contract on one of the two wires. One file each, so that they run side by side. */
export async function contractOn(transport: Transport): Promise<void> {
  const kms = new FakeKms();
  const wire = await start(transport, kms);
  const silent = await start(transport, kms);
  silent.server.silent = true;
  afterAll(async () => {
    await wire[Symbol.asyncDispose]();
    await silent[Symbol.asyncDispose]();
  });

  keyWrapperContract(
    { describe, it },
    {
      name: `a Cloud KMS key over ${transport}`,
      async setup() {
        const key = kms.key();
        const [missing, denied, disabled] = [kms.key(), kms.key(), kms.key()];
        const wrapper = wire.key({ name: key.name });
        return {
          wrapper,
          otherKey: wire.key({ name: kms.key().name }),
          rotate: () => wrapper.rotate(),
          slow: silent.key({ name: key.name, deadlineMs: 400 }),
          missing: await spoilt(wire.key({ name: missing.name }), () => kms.keys.delete(missing.name)),
          denied: await spoilt(wire.key({ name: denied.name }), () => kms.deny(denied, 'Encrypt', 'Decrypt')),
          disabled: await spoilt(wire.key({ name: disabled.name }), () => {
            disabled.primary!.state = 'DISABLED';
          }),
          unavailable: await unreachable(transport, { name: key.name }),
          secrets: async () => [...SECRETS, ...key.versions.map(({ secret }) => secret)],
        };
      },
    },
  );
}

/** Unwraps what it wrapped itself while it was sound: what names another key is refused before anything is asked. */
async function spoilt(key: GcpKey, spoil: () => unknown): Promise<KeyWrapper> {
  const own = await key.wrap(randomBytes(32), {});
  spoil();
  return { ...key, unwrap: (_, context, call) => key.unwrap(own, context, call) };
}

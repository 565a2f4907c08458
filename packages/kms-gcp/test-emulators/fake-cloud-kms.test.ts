import { keyWrapperContract } from '@weightseal/kms-contract';
import { afterAll, describe, expect, it } from 'vitest';
import { GrpcServer } from '../test/fake-grpc.js';
import { FakeKms } from '../test/fake-kms.js';
import { grpcKeyAt } from '../test/keys.js';
import { unreachable } from '../test/servers.js';
import { emulatorAt } from './emulator.js';

const VARIABLE = 'WEIGHTSEAL_EMULATOR_FAKE_CLOUD_KMS';
const emulator = emulatorAt(VARIABLE);
const dataKey = new Uint8Array(32).fill(7);

describe.skipIf(!emulator)(`fake-cloud-kms, skipped unless ${VARIABLE} is its host:port`, async () => {
  if (!emulator) return;
  const { address } = emulator;
  // No emulator offers a server that never answers.
  const silent = await GrpcServer.start(new FakeKms());
  silent.silent = true;
  afterAll(() => silent[Symbol.asyncDispose]());

  keyWrapperContract(
    { describe, it },
    {
      name: 'Cloud KMS on fake-cloud-kms',
      without: {
        missing: 'a slot of another key is refused before anything is asked; the case below asks for one',
        denied: 'fake-cloud-kms checks no permission',
        disabled: 'fake-cloud-kms cannot disable a version',
      },
      async setup() {
        const name = await emulator.key();
        const wrapper = grpcKeyAt(address, { name });
        return {
          wrapper,
          otherKey: grpcKeyAt(address, { name: await emulator.key() }),
          rotate: () => wrapper.rotate(),
          slow: grpcKeyAt(silent.address, { name, deadlineMs: 400 }),
          unavailable: await unreachable('grpc', { name }),
          secrets: async () => [],
        };
      },
    },
  );

  it('a key that does not exist gives KEY_NOT_FOUND', async () => {
    const key = grpcKeyAt(address, { name: emulator.missing });
    const keyVersion = `${emulator.missing}/cryptoKeyVersions/1`;
    const wrapped = await grpcKeyAt(address, { name: await emulator.key() }).wrap(dataKey, {});
    await expect(key.wrap(dataKey, {})).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    await expect(key.unwrap({ ...wrapped, keyVersion }, {})).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
  });

  it('describes, and shows a rotation', async () => {
    const name = await emulator.key();
    const key = grpcKeyAt(address, { name });
    expect(await key.describe()).toMatchObject({
      primaryVersion: `${name}/cryptoKeyVersions/1`,
      algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION',
      state: 'enabled',
      protection: 'software',
    });
    expect(await key.rotate()).toBe(`${name}/cryptoKeyVersions/2`);
    expect(await key.describe()).toMatchObject({ primaryVersion: `${name}/cryptoKeyVersions/2` });
    expect(await key.rotationStatus()).toMatchObject({ automatic: false, last: expect.any(Date) });
  });

  it('knows no schedule, which is said', async () => {
    const key = grpcKeyAt(address, { name: await emulator.key() });
    await expect(key.scheduleRotation(30)).rejects.toMatchObject({ code: 'KEY_RESPONSE_INVALID' });
  });
});

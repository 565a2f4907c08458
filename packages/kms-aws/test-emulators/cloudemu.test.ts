import { CreateKeyCommand, DisableKeyCommand } from '@aws-sdk/client-kms';
import { keyWrapperContract } from '@weightseal/kms-contract';
import { describe, expect, it } from 'vitest';
import { SECRETS } from '../test/keys.js';
import { emulatorAt, REGION, unwilling } from './emulator.js';

const cloudemu = emulatorAt('WEIGHTSEAL_EMULATOR_CLOUDEMU');

describe.skipIf(!cloudemu)('cloudemu, skipped unless WEIGHTSEAL_EMULATOR_CLOUDEMU is its URL', () => {
  if (!cloudemu) return;
  const admin = cloudemu.admin();
  const created = async () => (await admin.send(new CreateKeyCommand({}))).KeyMetadata!;

  keyWrapperContract(
    { describe, it },
    {
      name: 'AWS KMS on cloudemu',
      without: {
        rotate: 'cloudemu rotates, and tells no material id; the case below covers the rotation',
        denied: 'cloudemu checks no policy',
        disabled: 'cloudemu looks first at which key made the wrap; the case below disables that one',
      },
      async setup() {
        const [key, other] = [await created(), await created()];
        return {
          wrapper: cloudemu.key({ keyId: key.Arn! }),
          otherKey: cloudemu.key({ keyId: other.Arn! }),
          missing: cloudemu.key({ keyId: 'alias/missing', region: REGION }),
          ...(await unwilling()),
          secrets: async () => SECRETS,
        };
      },
    },
  );

  it('opens what was wrapped before a rotation, and tells of the rotation', async () => {
    const key = cloudemu.key({ keyId: (await created()).Arn! });
    const dataKey = new Uint8Array(32).fill(7);
    const wrapped = await key.wrap(dataKey, { model: 'bert' });
    await key.rotate();
    expect(await key.unwrap(wrapped, { model: 'bert' })).toEqual(dataKey);
    expect((await key.rotationStatus()).last).toBeInstanceOf(Date);
    await key.scheduleRotation(365);
    expect(await key.rotationStatus()).toMatchObject({ automatic: true });
  });

  it('neither wraps nor unwraps with a disabled key', async () => {
    const { Arn, KeyId } = await created();
    const key = cloudemu.key({ keyId: Arn! });
    const wrapped = await key.wrap(new Uint8Array(32), {});
    await admin.send(new DisableKeyCommand({ KeyId }));
    expect(await key.describe()).toMatchObject({ state: 'disabled' });
    await expect(key.wrap(new Uint8Array(32), {})).rejects.toMatchObject({ code: 'KEY_DISABLED' });
    await expect(key.unwrap(wrapped, {})).rejects.toMatchObject({ code: 'KEY_DISABLED' });
  });
});

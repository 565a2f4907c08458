import { CreateAliasCommand, CreateKeyCommand } from '@aws-sdk/client-kms';
import { keyWrapperContract } from '@weightseal/kms-contract';
import { describe, expect, it } from 'vitest';
import { SECRETS } from '../test/keys.js';
import { emulatorAt, REGION, unwilling } from './emulator.js';

const moto = emulatorAt('WEIGHTSEAL_EMULATOR_MOTO');

describe.skipIf(!moto)('moto, skipped unless WEIGHTSEAL_EMULATOR_MOTO is its URL', () => {
  if (!moto) return;
  const admin = moto.admin();
  const newArn = async () => (await admin.send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;

  keyWrapperContract(
    { describe, it },
    {
      name: 'AWS KMS on moto',
      without: {
        rotate: 'moto notes a rotation, keeps the material and tells no material id',
        denied: 'moto checks no policy',
        disabled: 'disabled keys go on working in moto',
      },
      async setup() {
        return {
          wrapper: moto.key({ keyId: await newArn() }),
          otherKey: moto.key({ keyId: await newArn() }),
          missing: moto.key({ keyId: 'alias/missing', region: REGION }),
          ...(await unwilling()),
          secrets: async () => SECRETS,
        };
      },
    },
  );

  // It knows no MessageType, and hashes every digest once more; ministack has the contract.
  it('signs something else than it was given, which is noticed', async () => {
    const spec = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' } as const;
    const keyId = (await admin.send(new CreateKeyCommand(spec))).KeyMetadata!.Arn!;
    const call = moto.signer({ keyId }).sign(Buffer.from('a model'));
    await expect(call).rejects.toMatchObject({ code: 'KEY_RESPONSE_INVALID' });
  });

  it('takes an alias, and schedules, tells and notes rotations', async () => {
    const TargetKeyId = await newArn();
    const AliasName = `alias/weightseal-${TargetKeyId.slice(-12)}`;
    await admin.send(new CreateAliasCommand({ AliasName, TargetKeyId }));
    const key = moto.key({ keyId: AliasName, region: REGION });
    const dataKey = new Uint8Array(32).fill(7);
    const wrapped = await key.wrap(dataKey, { model: 'bert' });
    expect(wrapped.keyVersion).toBe(TargetKeyId);
    expect(await key.unwrap(wrapped, { model: 'bert' })).toEqual(dataKey);
    expect(await key.describe()).toMatchObject({
      state: 'enabled',
      protection: 'hsm',
      algorithm: 'SYMMETRIC_DEFAULT',
    });
    await key.scheduleRotation(180);
    // moto does not tell the period.
    expect(await key.rotationStatus()).toMatchObject({ automatic: true });
    expect(await key.rotate()).toBe(TargetKeyId);
    expect((await key.rotationStatus()).last).toBeInstanceOf(Date);
    await key.scheduleRotation(undefined);
    expect(await key.rotationStatus()).toMatchObject({ automatic: false });
    expect(await key.unwrap(wrapped, { model: 'bert' })).toEqual(dataKey);
  });
});

import {
  CreateAliasCommand,
  CreateKeyCommand,
  DisableKeyCommand,
  type KeySpec,
  type KeyUsageType,
  ReplicateKeyCommand,
  ScheduleKeyDeletionCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms';
import { signerContract } from '@weightseal/kms-contract';
import { describe, expect, it } from 'vitest';
import { SECRETS } from '../test/keys.js';
import { emulatorAt, REGION, unwillingSigners } from './emulator.js';

const OTHER_REGION = 'us-west-2';
const CONTEXT = { model: 'bert', version: '1' };
const dataKey = new Uint8Array(32).fill(7);
const ministack = emulatorAt('WEIGHTSEAL_EMULATOR_MINISTACK');

// Not the whole contract: ministack's ciphertexts carry no authentication tag, so a changed one unwraps to other bytes.
describe.skipIf(!ministack)('ministack, skipped unless WEIGHTSEAL_EMULATOR_MINISTACK is its URL', () => {
  if (!ministack) return;
  const admin = ministack.admin();
  const created = async (MultiRegion = false) =>
    (await admin.send(new CreateKeyCommand({ MultiRegion }))).KeyMetadata!;

  const newPair = async (KeySpec: KeySpec, KeyUsage: KeyUsageType = 'SIGN_VERIFY') =>
    (await admin.send(new CreateKeyCommand({ KeySpec, KeyUsage }))).KeyMetadata!.Arn!;

  describe.each(['ECC_NIST_P256', 'ECC_NIST_P384', 'ECC_NIST_P521', 'RSA_2048'] as const)('%s', (spec) => {
    signerContract(
      { describe, it },
      {
        name: `a signer of AWS KMS on ministack, ${spec},`,
        without: {
          asked: 'ministack does not count; the fake of the unit tests does',
          denied: 'ministack checks no policy',
        },
        async setup() {
          const disabled = await newPair(spec);
          await admin.send(new DisableKeyCommand({ KeyId: disabled }));
          return {
            signer: ministack.signer({ keyId: await newPair(spec) }),
            unfit: ministack.signer({ keyId: (await created()).Arn! }),
            missing: ministack.signer({ keyId: 'alias/missing', region: REGION }),
            disabled: ministack.signer({ keyId: disabled }),
            ...(await unwillingSigners()),
            secrets: async () => SECRETS,
          };
        },
      },
    );
  });

  it.each([
    ['RSA_2048', 'ENCRYPT_DECRYPT'],
    ['ECC_SECG_P256K1', 'SIGN_VERIFY'],
    ['ECC_NIST_EDWARDS25519', 'SIGN_VERIFY'],
  ] as const)('signs nothing with %s for %s', async (spec, usage) => {
    const call = ministack.signer({ keyId: await newPair(spec, usage) }).sign(dataKey);
    await expect(call).rejects.toMatchObject({ code: 'SIGNING_KEY_UNFIT' });
  });

  it('signs with the key that it found, though its alias has moved on', async () => {
    const [TargetKeyId, other] = [await newPair('ECC_NIST_P256'), await newPair('ECC_NIST_P256')];
    const AliasName = `alias/weightseal-${TargetKeyId.slice(-12)}`;
    await admin.send(new CreateAliasCommand({ AliasName, TargetKeyId }));
    const signer = ministack.signer({ keyId: AliasName, region: REGION });
    expect(await signer.publicKey()).toEqual(await ministack.signer({ keyId: TargetKeyId }).publicKey());
    await admin.send(new UpdateAliasCommand({ AliasName, TargetKeyId: other }));
    // Verified with the public key of before.
    await signer.sign(dataKey);
  });

  it('names the key material, in a wrap as in the description', async () => {
    const { Arn, CurrentKeyMaterialId } = await created();
    const key = ministack.key({ keyId: Arn! });
    const wrapped = await key.wrap(dataKey, CONTEXT);
    expect(wrapped.keyVersion).toBe(`${Arn}/${CurrentKeyMaterialId}`);
    expect((await key.describe()).primaryVersion).toBe(wrapped.keyVersion);
    expect(await key.unwrap(wrapped, CONTEXT)).toEqual(dataKey);
  });

  it('refuses another context', async () => {
    const key = ministack.key({ keyId: (await created()).Arn! });
    const wrapped = await key.wrap(dataKey, CONTEXT);
    for (const context of [{}, { model: 'bert' }, { ...CONTEXT, version: '2' }, { ...CONTEXT, extra: '' }]) {
      await expect(key.unwrap(wrapped, context)).rejects.toMatchObject({ code: 'UNWRAP_REJECTED' });
    }
  });

  it('opens with the replica of a multi-Region key what its primary wrapped', async () => {
    const { Arn, KeyId } = await created(true);
    await admin.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: OTHER_REGION }));
    const wrapped = await ministack.key({ keyId: Arn! }).wrap(dataKey, CONTEXT);
    const replica = ministack.key({ keyId: Arn!.replace(REGION, OTHER_REGION) });
    expect(await replica.unwrap(wrapped, CONTEXT)).toEqual(dataKey);
  });

  it('tells a disabled key, a key that will be deleted and one that is not there apart', async () => {
    const [disabled, doomed] = [await created(), await created()];
    const AliasName = `alias/doomed-${doomed.KeyId!.slice(-12)}`;
    await admin.send(new CreateAliasCommand({ AliasName, TargetKeyId: doomed.KeyId }));
    await admin.send(new DisableKeyCommand({ KeyId: disabled.KeyId }));
    await admin.send(new ScheduleKeyDeletionCommand({ KeyId: doomed.KeyId, PendingWindowInDays: 7 }));
    const off = ministack.key({ keyId: disabled.Arn! });
    const dying = ministack.key({ keyId: AliasName, region: REGION });
    const missing = ministack.key({ keyId: disabled.Arn!.replace(/.{12}$/, '000000000000') });
    expect(await off.describe()).toMatchObject({ state: 'disabled' });
    expect(await dying.describe()).toMatchObject({ state: 'pending-deletion' });
    await expect(off.wrap(dataKey, CONTEXT)).rejects.toMatchObject({ code: 'KEY_DISABLED' });
    await expect(dying.wrap(dataKey, CONTEXT)).rejects.toMatchObject({ code: 'KEY_DISABLED' });
    await expect(missing.wrap(dataKey, CONTEXT)).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
  });
});

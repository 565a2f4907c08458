import { canDescribe, canRotate, canScheduleRotation } from '@weightseal/core';
import { type AwsKmsClient, createAwsKey } from '@weightseal/kms-aws';
import { afterAll, describe, expect, it } from 'vitest';
import { FakeKms, type FakeState, REGION } from './fake-kms.js';
import { keyAt } from './keys.js';

const kms = await FakeKms.start();
afterAll(() => kms[Symbol.asyncDispose]());

describe('describe', () => {
  it('tells the version that a wrap made now would use', async () => {
    const key = kms.key();
    const wrapper = keyAt(kms.url, { keyId: key.arn });
    expect([canDescribe(wrapper), canRotate(wrapper), canScheduleRotation(wrapper)]).toEqual([
      true,
      true,
      true,
    ]);
    const { keyVersion } = await wrapper.wrap(new Uint8Array(32), {});
    expect(await wrapper.describe()).toEqual({
      uri: wrapper.uri,
      primaryVersion: keyVersion,
      algorithm: 'SYMMETRIC_DEFAULT',
      state: 'enabled',
      protection: 'hsm',
    });
  });

  it.each<[FakeState, string]>([
    ['Updating', 'enabled'],
    ['Disabled', 'disabled'],
    ['PendingImport', 'disabled'],
    ['PendingDeletion', 'pending-deletion'],
    ['Unavailable', 'unknown'],
    ['constructor' as FakeState, 'unknown'],
  ])('calls the state %s %s', async (state, told) => {
    const key = kms.key();
    key.state = state;
    expect(await keyAt(kms.url, { keyId: key.arn }).describe()).toMatchObject({ state: told });
  });

  it.each([
    ['EXTERNAL', 'hsm, imported'],
    ['AWS_CLOUDHSM', 'cloudhsm'],
    ['EXTERNAL_KEY_STORE', 'external'],
  ])('calls the origin %s %s', async (origin, protection) => {
    expect(await keyAt(kms.url, { keyId: kms.key({ origin }).arn }).describe()).toMatchObject({ protection });
  });

  it('tells the kind of a key that is of no use here', async () => {
    const rsa = kms.key({ keySpec: 'RSA_4096' });
    const wrapper = keyAt(kms.url, { keyId: rsa.arn });
    expect(await wrapper.describe()).toMatchObject({ algorithm: 'RSA_4096' });
    await expect(wrapper.wrap(new Uint8Array(32), {})).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('rotate', () => {
  it('waits until the new material is there, and names it', async () => {
    const key = kms.key();
    kms.alias('rotating', key);
    const wrapper = keyAt(kms.url, { keyId: 'alias/rotating', region: REGION });
    const before = key.current.id;
    const version = await wrapper.rotate();
    expect(version).toBe(`${key.arn}/${key.current.id}`);
    expect(key.current.id).not.toBe(before);
    expect((await wrapper.wrap(new Uint8Array(32), {})).keyVersion).toBe(version);
  });

  it('by an alias looks once at what it points to, and rotates that', async () => {
    const key = kms.key();
    kms.alias('rotating-once', key);
    const from = kms.seen.length;
    await keyAt(kms.url, { keyId: 'alias/rotating-once', region: REGION }).rotate();
    const [look, rotate] = kms.seen.slice(from);
    expect(look).toMatchObject({ operation: 'DescribeKey', input: { KeyId: 'alias/rotating-once' } });
    expect(rotate).toMatchObject({ operation: 'RotateKeyOnDemand', input: { KeyId: key.arn } });
  });

  it('says that it goes on when the deadline comes first', async () => {
    const key = kms.key();
    key.finishRotation = () => {};
    const wrapper = keyAt(kms.url, { keyId: key.arn, deadlineMs: 700 });
    await expect(wrapper.rotate()).rejects.toMatchObject({
      code: 'KEY_TIMEOUT',
      message: expect.stringContaining('has begun'),
    });
  });

  it('of a key that cannot is refused', async () => {
    const key = kms.key({ origin: 'EXTERNAL_KEY_STORE' });
    await expect(keyAt(kms.url, { keyId: key.arn }).rotate()).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});

describe('scheduleRotation', () => {
  it('turns the rotation on and off', async () => {
    const key = kms.key();
    kms.alias('scheduled', key);
    const wrapper = keyAt(kms.url, { keyId: 'alias/scheduled', region: REGION });
    expect(await wrapper.rotationStatus()).toEqual({ automatic: false });
    await wrapper.scheduleRotation(90);
    expect(await wrapper.rotationStatus()).toMatchObject({
      automatic: true,
      everyDays: 90,
      next: expect.any(Date),
    });
    await wrapper.scheduleRotation(undefined);
    expect(await wrapper.rotationStatus()).toMatchObject({ automatic: false });
  });

  it('tells when the key was last rotated, to who may ask for that', async () => {
    const key = kms.key();
    const wrapper = keyAt(kms.url, { keyId: key.arn });
    await wrapper.rotate();
    const { last } = await wrapper.rotationStatus();
    expect(last?.getTime()).toBe(key.current.rotated!.at * 1000);
    kms.deny(key, 'kms:ListKeyRotations');
    expect(await wrapper.rotationStatus()).toEqual({ automatic: false });
  });

  it('is told without the last time where the list of rotations is none', async () => {
    const client = {
      send: async () => ({ KeyRotationEnabled: true, RotationPeriodInDays: 90, Rotations: 7 }),
    };
    const wrapper = createAwsKey({ keyId: kms.key().arn, client: client as unknown as AwsKmsClient });
    expect(await wrapper.rotationStatus()).toEqual({ automatic: true, everyDays: 90 });
  });

  it.each([89, 2561, 90.5, Number.NaN])('refuses %s days before anything is asked', async (days) => {
    const wrapper = keyAt(kms.url, { keyId: kms.key().arn });
    const asked = kms.seen.length;
    await expect(wrapper.scheduleRotation(days)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(kms.seen.length).toBe(asked);
  });
});

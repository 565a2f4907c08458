import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KMSClient } from '@aws-sdk/client-kms';
import type { Context, WrappedKey } from '@weightseal/core';
import { type AwsKmsClient, createAwsKey } from '@weightseal/kms-aws';
import { afterAll, describe, expect, it } from 'vitest';
import { FakeKms, REGION } from './fake-kms.js';
import { CREDENTIALS, keyAt } from './keys.js';

const OTHER_REGION = 'us-west-2';
const CONTEXT: Context = { model: 'bert', version: '1' };
const kms = await FakeKms.start();
afterAll(() => kms[Symbol.asyncDispose]());

const binding = (json: string) => createHash('sha256').update(json).digest('base64url');
const newDataKey = () => Uint8Array.from(randomBytes(32));

describe('what is sent to AWS KMS', () => {
  it('names the key of the caller and carries the context, pair by pair and as a whole', async () => {
    const key = keyAt(kms.url, { keyId: kms.key().arn });
    const from = kms.seen.length;
    await key.unwrap(await key.wrap(newDataKey(), CONTEXT), CONTEXT);
    const seen = kms.seen.slice(from);
    expect(seen.map(({ operation }) => operation)).toEqual(['Encrypt', 'Decrypt', 'Decrypt']);
    for (const { input } of seen) {
      expect(`aws-kms://${input['KeyId']}`).toBe(key.uri);
      expect(input['EncryptionContext']).toEqual({
        ...CONTEXT,
        'weightseal:context': binding('{"model":"bert","version":"1"}'),
      });
    }
  });

  it('holds no pair that AWS KMS would refuse or take for its own; they are bound all the same', async () => {
    const key = keyAt(kms.url, { keyId: kms.key().arn });
    const context = {
      empty: '',
      'aws:s3:arn': 'x',
      'AWS:X': 'y',
      'weightseal:context': 'z',
      ['__proto__']: 'p',
      a: 'b',
    };
    const dataKey = newDataKey();
    const from = kms.seen.length;
    const wrapped = await key.wrap(dataKey, context);
    expect(kms.seen[from]!.input['EncryptionContext']).toEqual({
      a: 'b',
      'weightseal:context': expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(await key.unwrap(wrapped, context)).toEqual(dataKey);
    for (const [name, value] of Object.entries(context)) {
      const changed = { ...context, [name]: `${value}!` };
      await expect(key.unwrap(wrapped, changed)).rejects.toMatchObject({ code: 'UNWRAP_REJECTED' });
    }
  });

  it('goes to the region of the ARN', async () => {
    const key = kms.key({ region: 'ap-southeast-2' });
    await keyAt(kms.url, { keyId: key.arn, clientConfig: { region: REGION } }).describe();
    expect(kms.seen.at(-1)).toMatchObject({ region: 'ap-southeast-2', operation: 'DescribeKey' });
  });
});

describe('the version of a wrap', () => {
  it('is the ARN and the key material, whatever name the caller uses', async () => {
    const key = kms.key();
    kms.alias('versioned', key);
    for (const keyId of [key.arn, key.id, 'alias/versioned', key.arn.replace(/key\/.*/, 'alias/versioned')]) {
      const region = keyId.startsWith('arn:') ? undefined : REGION;
      const wrapper = keyAt(kms.url, { keyId, region });
      const wrapped = await wrapper.wrap(newDataKey(), CONTEXT);
      expect(wrapped).toMatchObject({
        keyUri: wrapper.uri,
        keyVersion: `${key.arn}/${key.current.id}`,
        algorithm: 'SYMMETRIC_DEFAULT',
      });
    }
  });

  it('is the ARN alone where the key has no material to tell', async () => {
    const key = kms.key({ origin: 'AWS_CLOUDHSM' });
    const wrapper = keyAt(kms.url, { keyId: key.arn });
    const wrapped = await wrapper.wrap(newDataKey(), CONTEXT);
    expect(wrapped.keyVersion).toBe(key.arn);
    await wrapper.unwrap(wrapped, CONTEXT);
  });
});

describe('what comes back', () => {
  it('is zeroed where the SDK left it', async () => {
    const real = new KMSClient({ endpoint: kms.url, region: REGION, credentials: CREDENTIALS });
    const left: Uint8Array[] = [];
    const client = {
      async send(...given: unknown[]) {
        const answer = (await Reflect.apply(real.send, real, given)) as { Plaintext?: Uint8Array };
        if (answer.Plaintext) left.push(answer.Plaintext);
        return answer;
      },
    } as unknown as AwsKmsClient;
    const key = createAwsKey({ keyId: kms.key().arn, client });
    const dataKey = newDataKey();
    expect(await key.unwrap(await key.wrap(dataKey, CONTEXT), CONTEXT)).toEqual(dataKey);
    real.destroy();
    expect(left.map((bytes) => bytes.every((byte) => byte === 0))).toEqual([true, true]);
  });

  it('is no longer waited for once the call has ended: the request itself ends', async () => {
    const ended = Promise.withResolvers<void>();
    const silent = createServer((request) => request.socket.once('close', () => ended.resolve()));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const call = keyAt(url, { keyId: 'alias/silent', region: REGION, deadlineMs: 300 }).wrap(
      newDataKey(),
      CONTEXT,
    );
    await expect(call).rejects.toMatchObject({ code: 'KEY_TIMEOUT' });
    await ended.promise;
    silent.close();
  });
});

describe('a slot cannot choose the key', () => {
  const spoil: Record<string, (wrapped: WrappedKey) => WrappedKey> = {
    'another key': (wrapped) => ({ ...wrapped, keyVersion: kms.key().arn }),
    'another account': (wrapped) => ({
      ...wrapped,
      keyVersion: wrapped.keyVersion.replace('111122223333', '444455556666'),
    }),
    'another region': (wrapped) => ({
      ...wrapped,
      keyVersion: wrapped.keyVersion.replace(REGION, OTHER_REGION),
    }),
    'no ARN': (wrapped) => ({ ...wrapped, keyVersion: 'http://169.254.169.254/' }),
    'another algorithm': (wrapped) => ({ ...wrapped, algorithm: 'RSAES_OAEP_SHA_256' }),
    'a wrap that is too long': (wrapped) => ({ ...wrapped, ciphertext: new Uint8Array(6145) }),
    'an empty wrap': (wrapped) => ({ ...wrapped, ciphertext: new Uint8Array(0) }),
  };
  it.each(Object.keys(spoil))('%s is refused before anything is asked', async (what) => {
    const wrapper = keyAt(kms.url, { keyId: kms.key().arn });
    const wrapped = await wrapper.wrap(newDataKey(), CONTEXT);
    const asked = kms.seen.length;
    await expect(wrapper.unwrap(spoil[what]!(wrapped), CONTEXT)).rejects.toMatchObject({
      code: 'UNWRAP_REJECTED',
    });
    expect(kms.seen.length).toBe(asked);
  });

  it('other key material than the one that opens it is refused', async () => {
    const wrapper = keyAt(kms.url, { keyId: kms.key().arn });
    const wrapped = await wrapper.wrap(newDataKey(), CONTEXT);
    const keyVersion = wrapped.keyVersion.replace(/[^/]+$/, '0'.repeat(64));
    await expect(wrapper.unwrap({ ...wrapped, keyVersion }, CONTEXT)).rejects.toMatchObject({
      code: 'UNWRAP_REJECTED',
    });
  });
});

describe('an alias', () => {
  it('that points to another key by now does not open what the former key wrapped; that key itself does', async () => {
    const [former, present] = [kms.key(), kms.key()];
    kms.alias('moving', former);
    const alias = keyAt(kms.url, { keyId: 'alias/moving', region: REGION });
    const dataKey = newDataKey();
    const wrapped = await alias.wrap(dataKey, CONTEXT);
    kms.alias('moving', present);
    await expect(alias.unwrap(wrapped, CONTEXT)).rejects.toMatchObject({ code: 'UNWRAP_REJECTED' });
    expect(await keyAt(kms.url, { keyId: former.arn }).unwrap(wrapped, CONTEXT)).toEqual(dataKey);
  });
});

describe('a slot that names another key than the alias does', () => {
  it('is refused although it opens', async () => {
    const key = kms.key();
    kms.alias('labelled', key);
    const alias = keyAt(kms.url, { keyId: 'alias/labelled', region: REGION });
    const wrapped = await alias.wrap(newDataKey(), CONTEXT);
    const call = alias.unwrap({ ...wrapped, keyVersion: kms.key().arn }, CONTEXT);
    await expect(call).rejects.toMatchObject({ code: 'UNWRAP_REJECTED' });
  });
});

describe('a multi-Region key', () => {
  it('opens in one Region what was wrapped in the other, by ARN, key id and alias', async () => {
    const primary = kms.key({ multiRegion: true });
    const replica = kms.replicate(primary, OTHER_REGION);
    kms.alias('replicated', replica);
    const dataKey = newDataKey();
    const wrapped = await keyAt(kms.url, { keyId: primary.arn }).wrap(dataKey, CONTEXT);
    for (const keyId of [replica.arn, replica.id, 'alias/replicated']) {
      const region = keyId.startsWith('arn:') ? undefined : OTHER_REGION;
      expect(await keyAt(kms.url, { keyId, region }).unwrap(wrapped, CONTEXT)).toEqual(dataKey);
      expect(kms.seen.at(-1)!.region).toBe(OTHER_REGION);
    }
  });

  it('of the same id in another account is another key', async () => {
    const primary = kms.key({ multiRegion: true });
    const wrapped = await keyAt(kms.url, { keyId: primary.arn }).wrap(newDataKey(), CONTEXT);
    const foreign = keyAt(kms.url, { keyId: primary.arn.replace('111122223333', '444455556666') });
    await expect(foreign.unwrap(wrapped, CONTEXT)).rejects.toMatchObject({ code: 'UNWRAP_REJECTED' });
  });
});

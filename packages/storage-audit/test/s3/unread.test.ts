import { auditS3, type Finding, S3_CHECKS, type S3AuditOptions } from '@weightseal/storage-audit';
import { describe, expect, it } from 'vitest';
import { allow } from '../policy/statements.js';
import {
  type Answers,
  audited,
  clientOf,
  denied,
  foundBy,
  policyOf,
  SOUND,
  SOUND_KEY,
  sdkError,
} from './fake.js';

const all = (answers: Answers, error: object): Answers =>
  Object.fromEntries(Object.keys(answers).map((operation) => [operation, error]));
const nothing = (error: object) =>
  audited({
    s3: all(SOUND, error),
    kms: all(SOUND_KEY, error),
    account: { GetPublicAccessBlock: error },
    anonymous: { ListObjectsV2: error, HeadObject: error },
  });
const outcomes = (findings: readonly Finding[]) => [...new Set(findings.map(({ outcome }) => outcome))];

describe('what cannot be read', () => {
  it.each([
    ['is not allowed', denied, /may not do that\. Grant it s3:/],
    ['is not there on that server', sdkError('NotImplemented', 501), /does not have that/],
    ['may not be asked', sdkError('MethodNotAllowed', 405), /does not allow/],
    ['is throttled', sdkError('SlowDown', 503), /too often/],
    ['fails', sdkError('InternalError', 500), /failed/],
    ['cannot be reached', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), /cannot be reached/],
    ['is no answer of S3', new SyntaxError('<html>'), /could not be understood/],
  ])('since it %s is told as that, and never as passed', async (_, error, reason) => {
    const findings = (await nothing(error)).filter(({ check }) => check !== 's3/anonymous');
    expect(outcomes(findings)).toEqual(['unread']);
    expect(findings).toHaveLength(S3_CHECKS.length - 1);
    for (const { evidence, mend } of findings) {
      expect(evidence).toMatch(reason);
      expect(evidence).not.toMatch(/AKIA|wJalr/);
      expect(mend).toBeUndefined();
    }
  });

  it('without credentials is what one wants to hear', async () => {
    expect(await foundBy('anonymous', {})).toMatchObject([{ outcome: 'passed' }]);
    // Who may not list knows no object that it could be tried with, and of an empty bucket nobody does.
    for (const ListObjectsV2 of [denied, {}])
      expect(await foundBy('anonymous', { s3: { ListObjectsV2 } })).toMatchObject([
        { outcome: 'unread', severity: 'critical', evidence: expect.stringContaining('was not tried') },
      ]);
    expect(
      outcomes(await foundBy('anonymous', { anonymous: { ListObjectsV2: sdkError('SlowDown', 503) } })),
    ).toEqual(['unread']);
  });

  it('leaves the rest to be read', async () => {
    const findings = await audited({ s3: { GetBucketPolicy: denied } });
    const unread = findings.filter(({ outcome }) => outcome === 'unread').map(({ check }) => check);
    expect(unread).toEqual([
      's3/policy-encryption',
      's3/policy-key',
      's3/policy-tls',
      's3/policy-tls-version',
      's3/policy-public',
      's3/policy-services',
      's3/policy-accounts',
    ]);
  });

  it('is not held back by what nobody could read', async () => {
    const s3 = { GetPublicAccessBlock: denied, GetBucketPolicy: policyOf(allow()) };
    const account = { GetPublicAccessBlock: denied };
    expect(await foundBy('policy-public', { s3, account })).toMatchObject([
      { outcome: 'failed', severity: 'critical' },
    ]);
    // That of the account counts for the bucket.
    expect(await foundBy('policy-public', { s3 })).toMatchObject([{ outcome: 'failed', severity: 'low' }]);
  });

  it('is a policy that is half understood', async () => {
    const s3 = { GetBucketPolicy: { Policy: '{"Statement":[{"Effect":"Deny"}]}' } };
    expect(await foundBy('policy-tls', { s3 })).toMatchObject([
      { outcome: 'unread', evidence: expect.stringContaining('cannot be judged') },
    ]);
  });

  it('is a policy that was made to be intricate', async () => {
    const Resource = Array.from(
      { length: 12 },
      (_, index) => `arn:aws:s3:::models/*a${'?'.repeat(index + 8)}b`,
    );
    const s3 = {
      GetBucketPolicy: policyOf(allow({ Resource, Action: 's3:PutObject' }), {
        ...allow({ Resource }),
        Effect: 'Deny',
        Action: 's3:*',
      }),
    };
    expect(await foundBy('policy-tls-version', { s3 })).toMatchObject([{ outcome: 'failed' }]);
    expect(await foundBy('policy-public', { s3 })).toMatchObject([{ outcome: 'unread' }]);
  });

  it('is what no client was given for, and the block of an account that is not known', async () => {
    const clients = { s3: clientOf(SOUND) };
    const findings = await Array.fromAsync(auditS3('models', { clients }));
    const unread = findings.filter(({ outcome }) => outcome === 'unread').map(({ check }) => check);
    expect(unread).toEqual(['s3/key-state', 's3/key-rotation', 's3/account-public-access', 's3/anonymous']);
  });

  it('is what is not answered in time', async () => {
    const silent = { send: () => new Promise<never>(() => {}) };
    const clients = { s3: silent, kms: silent, anonymous: silent, s3Control: silent };
    const findings = await Array.fromAsync(
      auditS3('models', { clients, deadlineMs: 20, bucketOwner: '111122223333' }),
    );
    expect(outcomes(findings)).toEqual(['unread']);
    expect(findings[0]?.evidence).toMatch(/in time/);
  });
});

describe('an audit ends', () => {
  it.each([
    ['NoSuchBucket', 404, 'INPUT_NOT_FOUND'],
    ['InvalidAccessKeyId', 403, 'STORE_DENIED'],
    ['SignatureDoesNotMatch', 403, 'STORE_DENIED'],
    ['ExpiredToken', 400, 'STORE_DENIED'],
    ['CredentialsProviderError', 0, 'STORE_DENIED'],
    ['PermanentRedirect', 301, 'STORE_RESPONSE_INVALID'],
  ])('by %s', async (name, status, code) => {
    const error = await nothing(sdkError(name, status)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(`${String(error)} ${String((error as Error).cause)}`).not.toMatch(/AKIA|wJalr/);
  });

  it('where no region is known', async () => {
    await expect(nothing(new Error('Region is missing'))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('by its signal, also while it waits', async () => {
    await expect(audited({ options: { signal: AbortSignal.abort() } })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    const silent = { send: () => new Promise<never>(() => {}) };
    const audit = auditS3('models', { clients: { s3: silent }, signal: AbortSignal.timeout(20) });
    await expect(Array.fromAsync(audit)).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('refused is', () => {
  it.each([
    ['a name that is none', '../models', {}],
    ['no name', '', {}],
    ['an option that nobody knows', 'models', { endPoint: 'https://s3.example.com' }],
    ['a key that is none', 'models', { expectedKey: "arn:aws:kms:x'; rm" }],
    ['an account that is none', 'models', { bucketOwner: '1' }],
    ['a region that is none', 'models', { region: 'evil.example.com/' }],
    ['an endpoint without TLS', 'models', { endpoint: 'http://s3.example.com' }],
    ['an endpoint of keys without TLS', 'models', { kmsEndpoint: 'http://kms.example.com' }],
    ['an endpoint with credentials', 'models', { endpoint: 'https://user:secret@s3.example.com' }],
    ['a deadline of no time', 'models', { deadlineMs: 0 }],
  ])('%s, before anything is asked', (_, bucket, options) => {
    expect(() => auditS3(bucket, options as S3AuditOptions)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});

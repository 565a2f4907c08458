import { readFile } from 'node:fs/promises';
import { S3_CHECKS } from '@weightseal/storage-audit';
import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../src/s3/policy/parse.js';
import { ofDefault } from '../../src/s3/policy/uploads.js';
import { ALGORITHM, allow, BUCKET, deny, denyAll, KEY, KEY_ID, OTHER_KEY } from '../policy/statements.js';
import {
  audited,
  block,
  denied,
  encryption,
  foundBy,
  type Given,
  policyOf,
  replicated,
  SOUND,
  STRICT,
  sdkError,
} from './fake.js';

const none = (name: string) => sdkError(name, 404);
const s3 = (operation: string, answer: object): Given => ({ s3: { [operation]: answer } });
const encrypted = (...given: Parameters<typeof encryption>) =>
  s3('GetBucketEncryption', encryption(...given));
const keyIs = (more: object): Given => ({
  kms: { DescribeKey: { KeyMetadata: { Arn: KEY, KeyState: 'Enabled', ...more } } },
});
const under = (...statements: object[]): Given => s3('GetBucketPolicy', policyOf(...statements));
const noPolicy = s3('GetBucketPolicy', none('NoSuchBucketPolicy'));
const acl = (URI: string, Permission: string) => ({ Grants: [{ Grantee: { URI }, Permission }] });
const ALL_USERS = 'http://acs.amazonaws.com/groups/global/AllUsers';
const lifecycle = (more: object) =>
  s3('GetBucketLifecycleConfiguration', {
    Rules: [{ Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 }, ...more }],
  });
const open = block({ RestrictPublicBuckets: false, IgnorePublicAcls: false });
const noAccount: Given = { account: { GetPublicAccessBlock: denied } };
const alias = 'arn:aws:kms:eu-central-1:111122223333:alias/models';

it('a bucket that is set up right passes every check', async () => {
  const findings = await audited();
  expect(findings.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
  expect(findings.map(({ check }) => check)).toEqual(S3_CHECKS.map(({ id }) => id));
});

it('each check is in the README', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const rows = [...readme.matchAll(/^\| `(s3\/[a-z0-9-]+)` \|/gm)].map(([, id]) => id);
  expect(rows).toEqual(S3_CHECKS.map(({ id }) => id));
});

type Row = readonly [check: string, what: string, given: Given, evidence: RegExp, severity?: string];

const LOGGING = { Principal: { Service: 'logging.s3.amazonaws.com' }, Action: 's3:PutObject' };

describe('failed is', () => {
  it.each([
    [
      'default-encryption',
      'AES256',
      encrypted({ SSEAlgorithm: 'AES256', KMSMasterKeyID: undefined }),
      /AES256/,
      'high',
    ],
    [
      'default-encryption',
      'none',
      s3('GetBucketEncryption', none('ServerSideEncryptionConfigurationNotFoundError')),
      /no default/,
    ],
    ['default-key', 'of AWS', encrypted({ KMSMasterKeyID: undefined }), /aws\/s3/],
    [
      'default-key',
      'of AWS, by name',
      encrypted({ KMSMasterKeyID: 'arn:aws:kms:eu-central-1:111122223333:alias/aws/s3' }),
      /aws\/s3/,
    ],
    ['default-key', 'a bare id', encrypted({ KMSMasterKeyID: KEY.slice(-36) }), /account of whoever uploads/],
    [
      'default-key',
      'a bare alias',
      encrypted({ KMSMasterKeyID: 'alias/models' }),
      /account of whoever uploads/,
    ],
    [
      'default-key',
      'in another region',
      encrypted({ KMSMasterKeyID: KEY.replace('eu-central-1', 'eu-west-1') }),
      /another region/,
    ],
    [
      'default-key',
      'of another account',
      encrypted({ KMSMasterKeyID: KEY.replace('111122223333', '444455556666') }),
      /another account/,
    ],
    ['default-key', 'not the expected one', { options: { expectedKey: OTHER_KEY } }, /was expected/],
    ['key-state', 'disabled', keyIs({ KeyState: 'Disabled' }), /Disabled/, 'high'],
    [
      'key-state',
      'about to be deleted',
      keyIs({ KeyState: 'PendingDeletion' }),
      /PendingDeletion/,
      'critical',
    ],
    ['key-state', 'managed by AWS', keyIs({ KeyManager: 'AWS' }), /managed by AWS/],
    ['key-state', 'for signatures', keyIs({ KeyUsage: 'SIGN_VERIFY' }), /not made to encrypt/],
    [
      'key-rotation',
      'off',
      { kms: { GetKeyRotationStatus: { KeyRotationEnabled: false } } },
      /not rotated/,
      'medium',
    ],
    ['bucket-key', 'off', encrypted({}, { BucketKeyEnabled: false }), /not enabled/],
    ['policy-encryption', 'no policy', noPolicy, /no policy/],
    [
      'policy-encryption',
      'AES256 let through',
      under(deny({ Null: { [ALGORITHM]: 'true' } })),
      /AES256\): by any identity\.$/,
    ],
    [
      'policy-encryption',
      'AES256 let through for a prefix',
      under(
        deny(
          { StringEquals: { [ALGORITHM]: 'AES256' } },
          { NotResource: 'arn:aws:s3:::models/x*', Resource: undefined },
        ),
      ),
      /with the key "x/,
    ],
    [
      'policy-encryption',
      'nothing asked for, and a default that is not of AWS KMS',
      {
        s3: {
          GetBucketEncryption: encryption({ SSEAlgorithm: 'AES256' }),
          GetBucketPolicy: policyOf(deny({ StringEquals: { [ALGORITHM]: 'AES256' } })),
        },
      },
      /no encryption/,
    ],
    ['policy-key', 'no policy', noPolicy, /no policy/],
    [
      'policy-key',
      'another key let through',
      under(deny({ StringNotEqualsIfExists: { [KEY_ID]: [KEY, OTHER_KEY] } })),
      /99999999/,
    ],
    [
      'policy-key',
      'no key let through',
      under(deny({ StringNotEqualsIfExists: { [KEY_ID]: KEY }, Null: { [KEY_ID]: 'false' } })),
      /name no key/,
    ],
    [
      'customer-keys',
      'let through',
      encrypted({}, { BlockedEncryptionTypes: { EncryptionType: ['NONE'] } }),
      /SSE-C/,
    ],
    [
      'customer-keys',
      'let through without a policy',
      { s3: { ...encrypted({}, { BlockedEncryptionTypes: undefined }).s3, ...noPolicy.s3 } },
      /no policy/,
    ],
    ['policy-tls', 'no policy', noPolicy, /no policy/],
    [
      'policy-tls',
      'the wrong way round',
      under(denyAll({ Bool: { 'aws:SecureTransport': 'true' } })),
      /does not refuse what is asked without TLS/,
      'high',
    ],
    [
      'policy-tls',
      'of objects alone',
      under(deny({ Bool: { 'aws:SecureTransport': 'false' } }, { Action: 's3:*' })),
      /only some.*s3:ListBucket by any identity/,
    ],
    ['policy-tls-version', 'no policy', noPolicy, /no policy/],
    [
      'policy-tls-version',
      '1.1',
      under(denyAll({ NumericLessThan: { 's3:TlsVersion': '1.1' } })),
      /TLS 1\.1/,
    ],
    [
      'policy-public',
      'a reader',
      {
        s3: { GetBucketPolicy: policyOf(allow({ Sid: 'Share' })), GetPublicAccessBlock: open },
        ...noAccount,
      },
      /s3:GetObject to somebody without credentials.*"Share"\.$/,
      'critical',
    ],
    ['policy-public', 'held back', under(allow()), /holds it back/, 'low'],
    [
      'block-public-access',
      'nowhere',
      {
        s3: { GetPublicAccessBlock: none('NoSuchPublicAccessBlockConfiguration') },
        account: { GetPublicAccessBlock: none('NoSuchPublicAccessBlockConfiguration') },
      },
      /No block/,
      'high',
    ],
    [
      'block-public-access',
      'in part',
      { s3: { GetPublicAccessBlock: open }, account: { GetPublicAccessBlock: denied } },
      /IgnorePublicAcls, RestrictPublicBuckets are not on/,
    ],
    [
      'account-public-access',
      'nowhere',
      { account: { GetPublicAccessBlock: none('NoSuchPublicAccessBlockConfiguration') } },
      /BlockPublicAcls/,
    ],
    [
      'acl',
      'for everybody',
      { ...noAccount, s3: { GetBucketAcl: acl(ALL_USERS, 'READ'), GetPublicAccessBlock: open } },
      /READ to everybody\.$/,
      'critical',
    ],
    [
      'acl',
      'for every account',
      {
        ...noAccount,
        s3: {
          GetBucketAcl: acl(ALL_USERS.replace('All', 'Authenticated'), 'WRITE'),
          GetPublicAccessBlock: denied,
        },
      },
      /WRITE to everybody with an AWS account/,
    ],
    ['acl', 'held back', s3('GetBucketAcl', acl(ALL_USERS, 'READ')), /holds it back/, 'low'],
    ['anonymous', 'a list', { anonymous: { ListObjectsV2: {} } }, /the bucket was listed\.$/, 'critical'],
    [
      'anonymous',
      'an object',
      { anonymous: { HeadObject: {} } },
      /network of this machine, its object "bert\.sealed" was read/,
    ],
    [
      'object-ownership',
      'none',
      s3('GetBucketOwnershipControls', none('OwnershipControlsNotFoundError')),
      /no ownership/,
    ],
    [
      'object-ownership',
      'of the writer',
      s3('GetBucketOwnershipControls', {
        OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] },
      }),
      /ObjectWriter/,
    ],
    ['versioning', 'never', s3('GetBucketVersioning', {}), /never/],
    ['versioning', 'suspended', s3('GetBucketVersioning', { Status: 'Suspended' }), /suspended/],
    [
      'object-lock',
      'none',
      s3('GetObjectLockConfiguration', none('ObjectLockConfigurationNotFoundError')),
      /not enabled/,
    ],
    [
      'object-lock',
      'without retention',
      s3('GetObjectLockConfiguration', { ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' } }),
      /no default retention/,
    ],
    ['access-logging', 'none', s3('GetBucketLogging', {}), /not written/],
    [
      'access-logging',
      'into itself',
      s3('GetBucketLogging', { LoggingEnabled: { TargetBucket: 'models' } }),
      /itself/,
    ],
    [
      'replication',
      'without AWS KMS',
      s3('GetBucketReplication', replicated({ SourceSelectionCriteria: undefined })),
      /leaves out/,
    ],
    [
      'replication',
      'without a key',
      s3('GetBucketReplication', replicated({ Destination: { Bucket: 'arn:aws:s3:::replicas' } })),
      /names no key/,
    ],
    [
      'replication',
      'under a key of AWS',
      s3(
        'GetBucketReplication',
        replicated({
          Destination: {
            Bucket: 'arn:aws:s3:::replicas',
            EncryptionConfiguration: { ReplicaKmsKeyID: 'alias/aws/s3' },
          },
        }),
      ),
      /aws\/s3/,
    ],
    [
      'incomplete-uploads',
      'no rule',
      s3('GetBucketLifecycleConfiguration', none('NoSuchLifecycleConfiguration')),
      /No rule/,
    ],
    ['incomplete-uploads', 'a rule that is off', lifecycle({ Status: 'Disabled' }), /No rule/],
    [
      'incomplete-uploads',
      'a rule after years',
      lifecycle({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 3650 } }),
      /after 3650 days only/,
    ],
    [
      'policy-services',
      "anybody's service",
      under(allow(LOGGING)),
      /logging\.s3\.amazonaws\.com \(s3:PutObject\)/,
      'medium',
    ],
    [
      'policy-accounts',
      'another account',
      under(allow({ Principal: { AWS: '999988887777' }, Action: 's3:*' })),
      /999988887777 \(s3:\*\)/,
      'medium',
    ],
    [
      'policy-accounts',
      'another account that reads',
      under(allow({ Principal: { AWS: 'arn:aws:iam::999988887777:role/r' } })),
      /999988887777 \(s3:GetObject\)/,
      'info',
    ],
    ['incomplete-uploads', 'a rule for a prefix', lifecycle({ Filter: { Prefix: 'a/' } }), /Only below/],
    [
      'incomplete-uploads',
      'a rule for a tag',
      lifecycle({ Filter: { Tag: { Key: 'a', Value: 'b' } } }),
      /Only below/,
    ],
    ['inventory', 'none', s3('ListBucketInventoryConfigurations', {}), /no inventory/],
    [
      'inventory',
      'without the field',
      s3('ListBucketInventoryConfigurations', { InventoryConfigurationList: [{ IsEnabled: true }] }),
      /EncryptionStatus/,
    ],
  ])('%s: %s', async (...row) => {
    const [check, , given, evidence, severity]: Row = row;
    const [found, ...more] = await foundBy(check, given);
    expect(more).toEqual([]);
    expect(found).toMatchObject({ outcome: 'failed', evidence: expect.stringMatching(evidence) });
    if (severity !== undefined) expect(found?.severity).toBe(severity);
    // One sentence, and what mends it.
    expect(found?.evidence).toMatch(/^[A-Z].*\.$/s);
    expect(found?.mend?.command).toContain('aws ');
    expect(found?.mend?.terraform?.length).toBeGreaterThan(10);
  });
});

describe('passed is', () => {
  it.each([
    ['default-encryption', 'in two layers', encrypted({ SSEAlgorithm: 'aws:kms:dsse' }), /dsse/],
    ['default-key', 'the expected one', { options: { expectedKey: KEY } }, /as expected/],
    ['default-key', 'the one of an alias', { options: { expectedKey: alias } }, /as expected/],
    [
      'default-key',
      'of another account that was expected',
      {
        ...encrypted({ KMSMasterKeyID: KEY.replace('111122223333', '444455556666') }),
        options: { expectedKey: KEY.replace('111122223333', '444455556666') },
      },
      /as expected/,
    ],
    [
      'policy-encryption',
      'whatever nobody asked for',
      under(deny({ StringNotEquals: { [ALGORITHM]: 'aws:kms' } })),
      /as those of weightseal do\.$/,
    ],
    [
      'customer-keys',
      'refused by the policy',
      {
        s3: {
          ...encrypted({}, { BlockedEncryptionTypes: undefined }).s3,
          GetBucketPolicy: policyOf(
            deny({ Null: { 's3:x-amz-server-side-encryption-customer-algorithm': 'false' } }),
          ),
        },
      },
      /policy refuses/,
    ],
    [
      'policy-tls-version',
      '1.3',
      under(denyAll({ NumericLessThan: { 's3:TlsVersion': 1.3 } })),
      /TLS 1\.3 at least/,
    ],
    ['policy-public', 'no policy', noPolicy, /no policy/],
    [
      'policy-public',
      'what is for an organisation',
      under(allow({ Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-ours' } } })),
      /nothing to strangers/,
    ],
    ['block-public-access', 'by the account', s3('GetPublicAccessBlock', open), /the account has all four/],
    [
      'anonymous',
      'a refusal of 400',
      { anonymous: { HeadObject: sdkError('InvalidArgument', 400) } },
      /could not be listed/,
    ],
    [
      'object-lock',
      'for years',
      s3('GetObjectLockConfiguration', {
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Years: 1 } },
        },
      }),
      /1 year, for everybody/,
    ],
    [
      'policy-services',
      'a service for the own account',
      under(allow({ ...LOGGING, Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } } })),
      /accounts that nobody knows/,
    ],
    [
      'policy-accounts',
      'its own',
      under(allow({ Principal: { AWS: 'arn:aws:iam::111122223333:root' } })),
      /its own account/,
    ],
    ['incomplete-uploads', 'an old rule', lifecycle({ Prefix: '' }), /after 7 days/],
    [
      'inventory',
      'on the second page',
      s3('ListBucketInventoryConfigurations', ((input: { ContinuationToken?: string }) =>
        input.ContinuationToken
          ? (SOUND['ListBucketInventoryConfigurations'] as object)
          : { IsTruncated: true, NextContinuationToken: 'more' }) as object),
      /inventory all/,
    ],
  ])('%s: %s', async (...row) => {
    const [check, , given, evidence]: Row = row;
    expect(await foundBy(check, given)).toMatchObject([
      { outcome: 'passed', evidence: expect.stringMatching(evidence) },
    ]);
  });
});

describe('nothing there for', () => {
  it.each([
    ['default-key', 'AES256', encrypted({ SSEAlgorithm: 'AES256', KMSMasterKeyID: undefined }), /no key/],
    ['key-state', 'AES256', encrypted({ SSEAlgorithm: 'AES256', KMSMasterKeyID: undefined }), /no key/],
    [
      'key-rotation',
      'material from elsewhere',
      keyIs({ KeyManager: 'CUSTOMER', Origin: 'EXTERNAL' }),
      /elsewhere/,
    ],
    ['key-rotation', 'a key of AWS', keyIs({ KeyManager: 'AWS' }), /each year/],
    ['bucket-key', 'two layers', encrypted({ SSEAlgorithm: 'aws:kms:dsse' }), /two layers/],
    ['policy-key', 'no key', encrypted({ KMSMasterKeyID: undefined }), /No key is expected/],
    [
      'replication',
      'no rule',
      s3('GetBucketReplication', none('ReplicationConfigurationNotFoundError')),
      /Nothing is replicated/,
    ],
    ['anonymous', 'who does not try', { options: { anonymous: false } }, /not tried/],
  ])('%s: %s', async (...row) => {
    const [check, , given, evidence]: Row = row;
    expect(await foundBy(check, given)).toMatchObject([
      { outcome: 'inapplicable', evidence: expect.stringMatching(evidence) },
    ]);
  });
});

describe('where all is sealed', () => {
  const sealed = { sealed: true };

  it('it weighs what is said of each check', async () => {
    const failing = Object.fromEntries(Object.keys(SOUND).map((operation) => [operation, {}]));
    for (const { check, severity } of await audited({ s3: failing, options: sealed }))
      expect([check, severity]).toEqual([check, S3_CHECKS.find(({ id }) => id === check)?.severity.sealed]);
  });

  it('who may write is as dangerous', async () => {
    const writer = { GetBucketPolicy: policyOf(allow({ Action: 's3:*' })), GetPublicAccessBlock: open };
    const reader = { ...writer, GetBucketPolicy: policyOf(allow()) };
    expect(await foundBy('policy-public', { s3: writer, ...noAccount, options: sealed })).toMatchObject([
      { severity: 'critical' },
    ]);
    expect(await foundBy('policy-public', { s3: reader, ...noAccount, options: sealed })).toMatchObject([
      { severity: 'medium' },
    ]);
  });
});

it('each rule of replication is a finding about its target', async () => {
  const two = replicated() as { ReplicationConfiguration: { Rules: object[] } };
  const other = replicated({ Destination: { Bucket: 'arn:aws:s3:::others' } }) as typeof two;
  const Rules = [...two.ReplicationConfiguration.Rules, ...other.ReplicationConfiguration.Rules];
  const found = await foundBy(
    'replication',
    s3('GetBucketReplication', { ReplicationConfiguration: { Rules } }),
  );
  expect(found).toMatchObject([
    { outcome: 'passed', resource: 's3://replicas' },
    { outcome: 'failed', resource: 's3://others' },
  ]);
});

describe('what mends a policy', () => {
  it('is the whole of one where there is none, which then passes', async () => {
    const ids = ['policy-encryption', 'policy-key', 'policy-tls', 'policy-tls-version'];
    for (const id of ids) {
      const [found] = await foundBy(id, noPolicy);
      const [, text = ''] = /--policy '(.*)'$/s.exec(found?.mend?.command ?? '') ?? [];
      const mended = s3('GetBucketPolicy', { Policy: text });
      // Weightseal itself, which names no encryption, still gets through.
      expect([id, ofDefault(parsePolicy(text), BUCKET).extent]).toEqual([id, 'never']);
      expect([id, (await foundBy(id, mended))[0]?.outcome]).toEqual([id, 'passed']);
    }
  });

  it('is the same for each, so that none replaces another', async () => {
    const found = (await audited(noPolicy)).filter(({ outcome }) => outcome === 'failed');
    const commands = found.map(({ mend }) => mend?.command);
    expect(found.map(({ check }) => check)).toEqual([
      's3/policy-encryption',
      's3/policy-key',
      's3/policy-tls',
      's3/policy-tls-version',
    ]);
    expect(new Set(commands).size).toBe(1);
  });

  it('goes beside what is there', async () => {
    const [found] = await foundBy('policy-tls', under(...STRICT.slice(0, 3)));
    expect(found?.mend?.command).toMatch(
      /^aws s3api get-bucket-policy .* && jq .* && aws s3api put-bucket-policy/s,
    );
  });
});

import { acceptanceOf, applyBaseline, auditS3 } from '@weightseal/storage-audit';
import { describe, expect, it } from 'vitest';
import { allow, KEY } from '../policy/statements.js';
import {
  audited,
  block,
  clientOf,
  denied,
  encryption,
  foundBy,
  type Given,
  policyOf,
  SOUND,
  sdkError,
} from './fake.js';

const open: Given['account'] = { GetPublicAccessBlock: denied };
const publicIn = (partition: string, region: object) => ({
  GetBucketPolicy: policyOf(allow({ Resource: `arn:${partition}:s3:::models/*` })),
  GetPublicAccessBlock: denied,
  GetBucketLocation: region,
});
const ofPolicy = [
  's3/policy-encryption',
  's3/policy-key',
  's3/policy-tls',
  's3/policy-tls-version',
  's3/policy-public',
];

describe('a policy is judged in the partition of its bucket', () => {
  it.each([
    ['aws-eusc', 'eusc-de-east-1'],
    ['aws-iso', 'us-iso-east-1'],
    ['aws-iso-b', 'us-isob-east-1'],
    ['aws-iso-e', 'eu-isoe-west-1'],
    ['aws-iso-f', 'us-isof-south-1'],
    ['aws-us-gov', 'us-gov-west-1'],
    ['aws-cn', 'cn-north-1'],
    ['aws-new', 'new-moon-1'],
  ])('%s, by the region %s', async (partition, LocationConstraint) => {
    const s3 = publicIn(partition, { LocationConstraint });
    expect(await foundBy('policy-public', { s3, account: open })).toMatchObject([{ outcome: 'failed' }]);
    const s3Wrong = { ...s3, GetBucketPolicy: { ...policyOf(allow({ Resource: 'arn:aws:s3:::others/*' })) } };
    expect(await foundBy('policy-public', { s3: s3Wrong })).toMatchObject([{ outcome: 'passed' }]);
  });

  it('by the region of a client, also where the bucket’s own is kept from it', async () => {
    const s3 = clientOf({ ...SOUND, ...publicIn('aws-eusc', denied) });
    const clients = { s3: Object.assign(s3, { config: { region: async () => 'eusc-de-east-1' } }) };
    const findings = await Array.fromAsync(auditS3('models', { clients }));
    expect(findings.find(({ check }) => check === 's3/policy-public')).toMatchObject({ outcome: 'failed' });
    expect(findings.find(({ check }) => check === 's3/policy-tls')?.mend?.command).toContain(
      'arn:aws-eusc:s3:::models',
    );
  });

  it('by none, where no region is known', async () => {
    const findings = await audited({ s3: { GetBucketLocation: denied } });
    for (const check of ofPolicy)
      expect(findings.find((one) => one.check === check)).toMatchObject({
        outcome: 'unread',
        evidence: expect.stringContaining('s3:GetBucketLocation'),
      });
    const s3 = { GetBucketLocation: denied, GetBucketPolicy: sdkError('NoSuchBucketPolicy', 404) };
    const [found] = await foundBy('policy-tls', { s3 });
    expect(found).toMatchObject({ outcome: 'failed', evidence: 'The bucket has no policy.' });
    expect(found?.mend?.command).toContain('arn:PARTITION:s3:::models');
  });

  it('and what ends an audit ends it there too', async () => {
    const GetBucketEncryption = denied;
    const given = { s3: { GetBucketEncryption, GetBucketLocation: sdkError('ExpiredToken', 400) } };
    await expect(audited(given)).rejects.toMatchObject({ code: 'STORE_DENIED' });
  });
});

describe('who has no credentials', () => {
  it('does not say whose bucket it is, and where he asks from is told', async () => {
    const inputs: object[] = [];
    const answer = (input: object) => {
      inputs.push(input);
      return denied;
    };
    const anonymous = { ListObjectsV2: answer, HeadObject: answer };
    const [found] = await foundBy('anonymous', { anonymous });
    expect(inputs).toEqual([
      { Bucket: 'models', MaxKeys: 1 },
      { Bucket: 'models', Key: 'bert.sealed' },
    ]);
    expect(found).toMatchObject({
      outcome: 'passed',
      evidence: expect.stringContaining('network of this machine'),
    });
    const [listed] = await foundBy('anonymous', { anonymous: { ListObjectsV2: {} } });
    expect(listed?.evidence).toContain('network of this machine');
  });
});

describe('what a server says', () => {
  const EVIL = "x'; touch /tmp/evil #\n\u202e$(id)";
  const commandOf = async (check: string, given: Given) => {
    const [found] = await foundBy(check, given);
    expect(found?.outcome).toBe('failed');
    return found!;
  };

  it('is one word of a command', async () => {
    const quoted = `'x'\\''; touch /tmp/evil #\\u000a\\u202e$(id)'`;
    const key = (more: object) => ({
      DescribeKey: { KeyMetadata: { Arn: EVIL, KeyState: 'Enabled', ...more } },
    });
    for (const KeyState of ['Disabled', 'PendingDeletion'])
      expect((await commandOf('key-state', { kms: key({ KeyState }) })).mend?.command).toMatch(
        new RegExp(` --key-id ${quoted.replace(/[\\^$*+?.()|[\]{}]/g, '\\$&')}$`),
      );
    const rotation = { ...key({}), GetKeyRotationStatus: { KeyRotationEnabled: false } };
    expect((await commandOf('key-rotation', { kms: rotation })).mend?.command).toBe(
      `aws kms enable-key-rotation --key-id ${quoted}`,
    );
    const Rules = [{ Status: 'Enabled', Destination: { Bucket: EVIL } }];
    const s3 = { GetBucketReplication: { ReplicationConfiguration: { Rules } } };
    const { mend, resource } = await commandOf('replication', { s3 });
    expect(mend?.command).toContain(`jq --arg target ${quoted} '(.Rules[]`);
    expect(mend?.command).toContain('endswith(":" + $target)');
    expect(mend?.terraform?.split('\n')[0]).toBe(
      `# In the rule of aws_s3_bucket_replication_configuration to "x'; touch /tmp/evil #\\\\u000a\\\\u202e$(id)":`,
    );
    expect(resource).not.toMatch(/[\n\u202e]/);
  });

  it('shows in evidence what it is', async () => {
    const s3 = { ListObjectsV2: { Contents: [{ Key: `a${EVIL}` }] } };
    for (const anonymous of [{}, { HeadObject: {} }]) {
      const [found] = await foundBy('anonymous', { s3, anonymous });
      expect(found?.evidence).toContain(`"ax'; touch /tmp/evil #\\n\\u202e$(id)"`);
    }
    const policy = policyOf(
      allow({ Sid: EVIL, Action: `s3:${EVIL}`, Resource: `arn:aws:s3:::models/${EVIL}` }),
    );
    const [found] = await foundBy('policy-public', { s3: { GetBucketPolicy: policy } });
    expect(found?.outcome).toBe('failed');
    expect(found?.evidence).not.toMatch(/[\n\u202e]/);
  });

  it('is a string of Terraform', async () => {
    const KMSMasterKeyID = undefined;
    const [found] = await foundBy('default-key', {
      s3: { GetBucketEncryption: encryption({ KMSMasterKeyID }) },
      options: { expectedKey: KEY },
    });
    expect(found?.mend?.terraform).toContain(`kms_master_key_id = "${KEY}"`);
  });
});

describe('what mends', () => {
  it('uploads that are not finished is added to the rules that are there', async () => {
    const Rules = [{ Status: 'Enabled', Filter: { Prefix: 'a/' } }];
    const [found] = await foundBy('incomplete-uploads', {
      s3: { GetBucketLifecycleConfiguration: { Rules } },
    });
    expect(found?.mend?.terraform).toMatch(/^# The bucket has 1 rule by now.*add the rule to those/);
    const absent = sdkError('NoSuchLifecycleConfiguration', 404);
    const [none] = await foundBy('incomplete-uploads', { s3: { GetBucketLifecycleConfiguration: absent } });
    expect(none?.mend?.terraform).toMatch(/^# .*add the rule to those that are there/);
  });

  it('by a lock says that it is for good', async () => {
    const absent = sdkError('ObjectLockConfigurationNotFoundError', 404);
    const [found] = await foundBy('object-lock', { s3: { GetObjectLockConfiguration: absent } });
    expect(found?.mend?.terraform).toMatch(/^# This cannot be undone/);
    expect(found?.mend?.command).toMatch(/^# This cannot be undone.*\naws s3api put-bucket-versioning/);
  });

  it('a policy leaves alone what is narrowed', async () => {
    const narrow = allow({ Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-ours' } } });
    const s3 = {
      GetBucketPolicy: policyOf(narrow, allow(), allow({ Action: 's3:PutObject' })),
      GetPublicAccessBlock: block(),
    };
    const [found] = await foundBy('policy-public', { s3 });
    expect(found?.mend?.command).toContain('if .key | IN(1, 2) then');
    expect(found?.mend?.terraform).toMatch(/^# In the statements 2, 3 of the policy/);
  });

  it('a service names for whom, and what was accepted of a policy is what was found of it', async () => {
    const of = async (...statements: object[]) =>
      (await audited({ s3: { GetBucketPolicy: policyOf(...statements) } })).filter(({ check }) =>
        /policy-(?:public|services)$/.test(check),
      );
    const service = allow({ Principal: { Service: 'logging.s3.amazonaws.com' }, Action: 's3:PutObject' });
    const [, found] = await of(service);
    expect(found?.mend?.command).toContain('.Condition.StringEquals["aws:SourceAccount"] = "111122223333"');
    const accepted = (await of(allow(), service)).map((one) =>
      acceptanceOf(one, { reason: 'r', who: 'w', expires: '2030-01-01T00:00:00Z' }),
    );
    const left = async (...statements: object[]) =>
      applyBaseline(await of(...statements), { accepted }, { now: new Date('2029-01-01') }).findings;
    expect(await left(allow(), service)).toEqual([]);
    expect(await left(allow({ Action: 's3:*' }), service)).toMatchObject([{ check: 's3/policy-public' }]);
    expect(await left(allow(), { ...service, Action: 's3:*' })).toMatchObject([
      { check: 's3/policy-services' },
    ]);
  });

  it('is not as long as what is granted', async () => {
    const s3 = { GetBucketPolicy: policyOf(allow({ Action: 's3:*' })), GetPublicAccessBlock: denied };
    const [found] = await foundBy('policy-public', { s3, account: open });
    expect(found).toMatchObject({
      severity: 'critical',
      evidence: expect.stringMatching(/s3:PutObject.* and \d+ more to/),
    });
    const one = { ...s3, GetBucketPolicy: policyOf(allow({ Action: 's3:RestoreObject' })) };
    expect(
      await foundBy('policy-public', { s3: one, account: open, options: { sealed: true } }),
    ).toMatchObject([{ severity: 'critical' }]);
  });
});

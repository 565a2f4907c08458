import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askedFor } from '../../src/configure/pieces.js';
import { CHECKS, planS3 } from '../../src/configure/s3/plan.js';
import { extended, isTighter, samePolicy } from '../../src/configure/s3/policy-text.js';
import type { S3Read } from '../../src/configure/s3/read.js';
import { parsePolicy } from '../../src/s3/policy/parse.js';
import { publicGrants } from '../../src/s3/policy/public.js';
import { ofCustomerKeys, ofDefault, ofPlainHttp, ofS3Keys } from '../../src/s3/policy/uploads.js';
import {
  ALGORITHM,
  allow,
  BUCKET,
  deny,
  denyAll,
  KEY,
  type Members,
  OTHER_KEY,
} from '../policy/statements.js';

const nothing: S3Read = {
  bucket: 'models',
  settings: {
    encryption: { value: null },
    policy: { value: null },
    'object-ownership': { value: null },
    versioning: { value: null },
    lifecycle: { value: null },
    'public-access-block': { value: null },
  },
  owner: undefined,
  connection: 'tls',
  arn: { value: BUCKET },
  others: { value: 0 },
  blockedByAccount: false,
  wantedKey: { value: KEY },
  currentKey: undefined,
};
const text = (...Statement: readonly Members[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const all = askedFor({}, CHECKS);
const named = askedFor({ only: CHECKS }, CHECKS);
const planOf = (read: Partial<S3Read>, settings: object = {}, asked = all) =>
  planS3({ ...nothing, ...read, settings: { ...nothing.settings, ...settings } }, asked);
const changeOf = (plan: ReturnType<typeof planS3>, setting: string) =>
  plan.changes.find((one) => one.setting === setting);
const sids = (policy: unknown) =>
  (JSON.parse(policy as string) as { Statement: { Sid?: string }[] }).Statement.map(({ Sid }) => Sid);
const reasonOf = (plan: ReturnType<typeof planS3>, check: string) =>
  plan.refused.find((one) => one.check === check)?.reason;

describe('a plan for a policy', () => {
  it('adds only what is missing', () => {
    const tls = denyAll({ Bool: { 'aws:SecureTransport': 'false' } }, { Sid: 'Tls' });
    const plan = planOf({}, { policy: { value: text(tls) } });
    expect(plan.kept).toContain('s3/policy-tls');
    expect(sids(changeOf(plan, 'policy')?.after)).toEqual([
      'Tls',
      'WeightsealRefuseOtherEncryption',
      'WeightsealRefuseOtherKeys',
      'WeightsealRefuseManagedKey',
      'WeightsealRefuseCustomerKeys',
      'WeightsealRefuseOldTls',
    ]);
  });

  it.each([
    [
      'numbers that no parser keeps',
      '[ {"x": 1.10, "y": 9007199254740993} ]',
      '[ {"x": 1.10, "y": 9007199254740993} ,{"Sid":"New"}]',
    ],
    ['one statement without a list', '{"a":[1]}', '[{"a":[1]},{"Sid":"New"}]'],
    ['none', '[ ]', '[ {"Sid":"New"}]'],
  ])('leaves what stands there as it is, to the byte: %s', (_, statement, later) => {
    const around = (value: string) =>
      `{ "Id": "Statement", "a": {"Statement": [2]},\n "St\\u0061tement" : ${value}, "Version":"2012-10-17" }`;
    expect(extended(around(statement), [{ Sid: 'New' }])).toBe(around(later));
  });

  it('takes no name that is taken', () => {
    const theirs = allow({ Sid: 'WeightsealRefuseOldTls', Principal: { AWS: '111122223333' } });
    const after = changeOf(planOf({}, { policy: { value: text(theirs) } }), 'policy')?.after;
    expect(sids(after)).toContain('WeightsealRefuseOldTls2');
  });

  it('leaves alone what it cannot judge, and what would be too long', () => {
    for (const value of [
      '{"Statement":[{"Effect":"Allow"}]}',
      '{',
      text(allow({ Sid: 'x'.repeat(20_000) })),
    ]) {
      const plan = planOf({}, { policy: { value } });
      expect(changeOf(plan, 'policy')).toBeUndefined();
      expect(reasonOf(plan, 's3/policy-tls')).toBeDefined();
    }
  });

  it('does not shut everybody out where uploads have to name AES256', () => {
    const theirs = deny({ StringNotEquals: { [ALGORITHM]: 'AES256' } });
    const plan = planOf({}, { policy: { value: text(theirs) } });
    expect(reasonOf(plan, 's3/policy-encryption')).toContain('nobody could upload');
  });

  it('does not shut out those who plan it: without TLS, or by one of old', () => {
    for (const connection of ['plain', 'old-tls'] as const) {
      const plan = planOf({ connection });
      for (const check of ['s3/policy-tls', 's3/policy-tls-version'])
        expect(reasonOf(plan, check)).toContain('would be refused');
      expect(sids(changeOf(plan, 'policy')?.after).join()).not.toMatch(/PlainHttp|OldTls/);
    }
  });

  it('refuses no encryption by AES256 while that is the default', () => {
    const plan = planOf({ wantedKey: undefined });
    const ofKey = ['default-encryption', 'default-key', 'policy-encryption', 'policy-key'];
    expect(plan.refused).toEqual([]);
    for (const check of ofKey)
      expect(plan.leftOut).toContainEqual({ check: `s3/${check}`, reason: expect.stringContaining('--key') });
    // Whoever names them meant them.
    const asked = planOf({ wantedKey: undefined }, {}, named);
    expect(asked.refused.map(({ check }) => check)).toEqual(ofKey.map((check) => `s3/${check}`));
    expect(sids(changeOf(plan, 'policy')?.after)).toEqual([
      'WeightsealRefuseCustomerKeys',
      'WeightsealRefusePlainHttp',
      'WeightsealRefuseOldTls',
    ]);
  });

  it('is of what was asked for', () => {
    const plan = planOf({}, {}, askedFor({ only: ['policy-tls', 's3/versioning'] }, CHECKS));
    expect(plan.changes.flatMap(({ checks }) => checks)).toEqual(['s3/policy-tls', 's3/versioning']);
    expect([plan.kept, plan.refused]).toEqual([[], []]);
  });

  it('knows one that a server has written in its own way', () => {
    const [one, other] = [deny({}, { Action: ['s3:PutObject'], Sid: 'x' }), deny({}, { Sid: 'x' })];
    expect(samePolicy(text(one), JSON.stringify({ Statement: other, Version: '2012-10-17' }))).toBe(true);
    expect(samePolicy(text(one), text(allow()))).toBe(false);
    expect(samePolicy(text(one), '{')).toBe(false);
  });
});

describe('a plan for the encryption', () => {
  const encryption = (rule: object) => ({ encryption: { value: { Rules: [rule] } } });
  const under = (SSEAlgorithm: string, KMSMasterKeyID?: string) => ({
    ApplyServerSideEncryptionByDefault: { SSEAlgorithm, ...(KMSMasterKeyID && { KMSMasterKeyID }) },
  });

  it('takes the key of the customer in place of one that AWS has, and leaves two layers two', () => {
    const BlockedEncryptionTypes = { EncryptionType: ['SSE-C'] };
    const plan = planOf({}, encryption({ ...under('aws:kms:dsse'), BlockedEncryptionTypes }));
    expect(changeOf(plan, 'encryption')?.after).toEqual({
      Rules: [{ ...under('aws:kms:dsse', KEY), BlockedEncryptionTypes }],
    });
    expect(plan.kept).toEqual(expect.arrayContaining(['s3/bucket-key', 's3/customer-keys']));
  });

  it('keeps a key of the customer, told or not', () => {
    const right = { ...under('aws:kms', KEY), BucketKeyEnabled: true };
    for (const wantedKey of [undefined, { value: KEY }]) {
      const plan = planOf({ wantedKey, currentKey: { value: KEY } }, encryption(right));
      expect(changeOf(plan, 'encryption')).toBeUndefined();
      expect(plan.refused).toEqual([]);
      expect(sids(changeOf(plan, 'policy')?.after)).toContain('WeightsealRefuseOtherKeys');
    }
  });

  it('adds a bucket key under whatever key it is', () => {
    const plan = planOf({ currentKey: { value: OTHER_KEY } }, encryption(under('aws:kms', OTHER_KEY)));
    expect(changeOf(plan, 'encryption')).toMatchObject({
      checks: ['s3/bucket-key'],
      after: { Rules: [{ ...under('aws:kms', OTHER_KEY), BucketKeyEnabled: true }] },
    });
  });

  it('touches none whose key cannot be relied on, and holds nobody to it', () => {
    for (const wantedKey of [undefined, { value: KEY }]) {
      const plan = planOf(
        { wantedKey, currentKey: { unread: 'its state is PendingDeletion' } },
        encryption(under('aws:kms', OTHER_KEY)),
      );
      for (const check of ['default-key', 'bucket-key', 'policy-encryption', 'policy-key'])
        expect(reasonOf(plan, `s3/${check}`)).toContain('PendingDeletion');
      expect(changeOf(plan, 'encryption')).toBeUndefined();
      expect(sids(changeOf(plan, 'policy')?.after)).toEqual([
        'WeightsealRefuseCustomerKeys',
        'WeightsealRefusePlainHttp',
        'WeightsealRefuseOldTls',
      ]);
    }
  });
});

describe('a plan for the rest', () => {
  it('leaves ownership where an ACL names others, and unless it is named', () => {
    expect(reasonOf(planOf({ others: { value: 1 } }, {}, named), 's3/object-ownership')).toContain(
      'locked out',
    );
    expect(planOf({}).leftOut).toMatchObject([{ check: 's3/object-ownership' }]);
    expect(changeOf(planOf({}, {}, named), 'object-ownership')).toBeDefined();
  });

  it.each<[string, Members, isRefused: boolean]>([
    ['everybody', {}, true],
    ['another account', { Principal: { AWS: 'arn:aws:iam::444455556666:root' } }, true],
    ['a service', { Principal: { Service: 'logging.s3.amazonaws.com' } }, true],
    ['all but one', { Principal: undefined, NotPrincipal: { AWS: '111122223333' } }, true],
    ['a role of its own account', { Principal: { AWS: 'arn:aws:iam::111122223333:role/reader' } }, false],
  ])('changes no ownership by which a policy would reach more: of %s', (_, more, isRefused) => {
    const policy = { value: text(allow({ ...more, Sid: 'Theirs' })) };
    const plan = planOf({ owner: '111122223333' }, { policy }, named);
    expect(reasonOf(plan, 's3/object-ownership')?.includes('Theirs') ?? false).toBe(isRefused);
    expect(reasonOf(planOf({}, { policy }, named), 's3/object-ownership')).toContain('Theirs');
  });

  it('keeps rules of a lifecycle, in the form that they have', () => {
    const old = { ID: 'old', Status: 'Enabled', Prefix: 'tmp/', Expiration: { Days: 1 } };
    const after = changeOf(planOf({}, { lifecycle: { value: { Rules: [old] } } }), 'lifecycle')?.after;
    expect(after).toMatchObject({ Rules: [old, { Prefix: '' }] });
    const ours = { ID: 'weightseal-abort-incomplete-uploads', Status: 'Disabled', Filter: { Prefix: '' } };
    const plan = planOf({}, { lifecycle: { value: { Rules: [ours] } } });
    expect(reasonOf(plan, 's3/incomplete-uploads')).toContain('something else');
  });

  it('leaves versioning that only MFA can change, and the block that the account has', () => {
    const plan = planOf(
      { blockedByAccount: true },
      { versioning: { value: { Status: 'Suspended', MFADelete: 'Enabled' } } },
    );
    expect(reasonOf(plan, 's3/versioning')).toContain('MFA');
    expect(plan.kept).toContain('s3/block-public-access');
  });
});

const condition = fc.constantFrom<Record<string, Record<string, unknown>>>(
  {},
  { StringNotEquals: { [ALGORITHM]: 'AES256' } },
  { StringNotEqualsIfExists: { [ALGORITHM]: ['aws:kms'] } },
  { StringEquals: { [ALGORITHM]: 'AES256' } },
  { Bool: { 'aws:SecureTransport': 'false' } },
  { Bool: { 'aws:SecureTransport': 'true' } },
  { StringEquals: { 'aws:PrincipalOrgID': 'o-ours' } },
  { IpAddress: { 'aws:SourceIp': '0.0.0.0/0' } },
);
const principal = fc.constantFrom<object>(
  { Principal: '*' },
  { Principal: { AWS: '111122223333' } },
  { Principal: undefined, NotPrincipal: { AWS: '111122223333' } },
);
const resource = fc.constantFrom<object>(
  { Resource: `${BUCKET}/*` },
  { Resource: [BUCKET, `${BUCKET}/*`] },
  { Resource: undefined, NotResource: `${BUCKET}/private/*` },
);
const action = fc.constantFrom<object>(
  { Action: 's3:*' },
  { Action: ['s3:PutObject', 's3:GetObject'] },
  { Action: undefined, NotAction: 's3:DeleteObject' },
);
const statement = fc
  .record({ condition, principal, resource, action, effect: fc.constantFrom('Allow', 'Deny') })
  .map(({ condition: told, effect, ...others }) => ({
    ...deny(told, { ...others.principal, ...others.resource, ...others.action }),
    Effect: effect,
  }));
const RANK = ['never', 'partly', 'always'];

describe('whatever a plan finds, it never loosens', () => {
  it('a policy: statements stay, nothing that was refused is let through, and nothing is granted', () => {
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 4 }), fc.boolean(), (given, isKeyKnown) => {
        const before = text(...given);
        const plan = planOf(isKeyKnown ? {} : { wantedKey: undefined }, { policy: { value: before } });
        const after = changeOf(plan, 'policy')?.after as string | undefined;
        if (after === undefined) return;
        const { Statement: statements } = JSON.parse(after) as { Statement: Members[] };
        expect(statements.slice(0, given.length)).toEqual(JSON.parse(JSON.stringify(given)));
        const [was, is] = [parsePolicy(before), parsePolicy(after)];
        for (const ask of [ofDefault, ofS3Keys, ofCustomerKeys, ofPlainHttp])
          expect(RANK.indexOf(ask(is, BUCKET).extent)).toBeGreaterThanOrEqual(
            RANK.indexOf(ask(was, BUCKET).extent),
          );
        const granted = (policy: typeof was) => publicGrants(policy, BUCKET).map((one) => one.action);
        expect(granted(was)).toEqual(expect.arrayContaining(granted(is)));
        // And what it is to mend is mended.
        const encryption = { value: changeOf(plan, 'encryption')?.after ?? null };
        const again = isKeyKnown ? { currentKey: { value: KEY } } : { wantedKey: undefined };
        const { kept } = planOf(again, { encryption, policy: { value: after } });
        expect(kept).toEqual(expect.arrayContaining([...changeOf(plan, 'policy')!.checks]));
      }),
      { numRuns: 60 },
    );
  });

  it('and what loosens is seen: an Allow more, a statement less or another', () => {
    const before = text(deny(), denyAll({ Bool: { 'aws:SecureTransport': 'false' } }));
    for (const after of [
      text(deny(), denyAll({ Bool: { 'aws:SecureTransport': 'false' } }), allow()),
      text(deny()),
      text(deny({}, { Resource: `${BUCKET}/x` }), denyAll({ Bool: { 'aws:SecureTransport': 'false' } })),
    ])
      expect(isTighter(before, after, BUCKET, KEY)).toBe(false);
    expect(isTighter(before, before, BUCKET, KEY)).toBe(true);
  });

  it('a block: what is on stays on', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('BlockPublicAcls', 'BlockPublicPolicy'), fc.boolean()),
        (value) => {
          const only = askedFor({ only: ['block-public-access'] }, CHECKS);
          const plan = planOf({}, { 'public-access-block': { value } }, only);
          const after = changeOf(plan, 'public-access-block')?.after;
          expect(Object.values(after as object)).toEqual([true, true, true, true]);
        },
      ),
    );
  });
});

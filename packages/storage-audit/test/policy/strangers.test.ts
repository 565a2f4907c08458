import { describe, expect, it } from 'vitest';
import { publicGrants } from '../../src/s3/policy/public.js';
import { ofPlainHttp, ofS3Keys } from '../../src/s3/policy/uploads.js';
import { ALGORITHM, allow, BUCKET, deny, denyAll, type Members, policy } from './statements.js';

const actions = (...statements: readonly Members[]) =>
  publicGrants(policy(...statements), BUCKET).map(({ action }) => action);
const READ = ['s3:GetObject'];
const OURS = 'o-aaaabbbbcc';
const VPCE = 'vpce-0123456789abcdef0';

describe('a stranger gets what is allowed', () => {
  it.each([
    ['to a role whose name he chooses', { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/ml-*' } }],
    ['and by another operator', { StringLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/ml-*' } }],
    ['and by fewer parts', { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*' } }],
    ['to sessions of roles', { StringEquals: { 'aws:PrincipalType': 'AssumedRole' } }],
    ['to users', { StringEquals: { 'aws:PrincipalType': 'User' } }],
    ['to whoever has the name', { StringEquals: { 'aws:username': 'trainer' } }],
    ['to any id of a role', { StringLike: { 'aws:userid': 'AROA*' } }],
    ['to any session of a name', { StringLike: { 'aws:userid': '*:trainer' } }],
    ['to addresses, if there is one', { IpAddressIfExists: { 'aws:SourceIp': '10.0.0.0/8' } }],
    ['to addresses in a network', { IpAddress: { 'aws:VpcSourceIp': '10.0.0.0/8' } }],
    ['without an endpoint', { Null: { 'aws:SourceVpce': 'true' } }],
    ['by an endpoint', { Null: { 'aws:SourceVpce': 'false' } }],
    ['by an endpoint of a pattern', { StringLike: { 'aws:SourceVpce': 'vpce-0*' } }],
    ['in a network of any account', { ArnLike: { 'aws:SourceVpcArn': 'arn:aws:ec2:*:*:vpc/*' } }],
    ['by an access point', { ArnLike: { 's3:DataAccessPointArn': 'arn:aws:s3:*:*:accesspoint/*' } }],
    [
      'by an access point of a name',
      { ArnLike: { 's3:DataAccessPointArn': 'arn:aws:s3:*:*:accesspoint/ml' } },
    ],
    ['by a service', { Bool: { 'aws:ViaAWSService': 'true' } }],
    ['to a service for anybody', { ArnLike: { 'aws:SourceArn': 'arn:aws:cloudfront::*:distribution/*' } }],
    ['without TLS', { Bool: { 'aws:SecureTransport': 'false' } }],
    ['over TLS 1.2', { NumericLessThan: { 's3:TlsVersion': '1.3' } }],
    ['over TLS 1.3', { NumericGreaterThanEquals: { 's3:TlsVersion': '1.3' } }],
    ['in no organisation', { Null: { 'aws:PrincipalOrgID': 'true' } }],
    ['in any organisation', { StringLike: { 'aws:PrincipalOrgID': 'o-*' } }],
    ['in a unit of any', { 'ForAnyValue:StringLike': { 'aws:PrincipalOrgPaths': '*/ou-ml/*' } }],
  ])('%s', (_, Condition) => {
    expect(actions(allow({ Condition }))).toEqual(READ);
  });

  it.each([
    ['to a role of an account', { StringLike: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/*' } }],
    ['to an account, after a wildcard', { StringLike: { 'aws:PrincipalArn': '*:111122223333:*' } }],
    ['to a role', { StringEquals: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/ml' } }],
    ['to sessions of a role, by its id', { StringLike: { 'aws:userid': 'AROAEXAMPLEEXAMPLE123:*' } }],
    ['to a unit', { 'ForAnyValue:StringLike': { 'aws:PrincipalOrgPaths': `${OURS}/*` } }],
    ['in a network', { ArnLike: { 'aws:SourceVpcArn': 'arn:aws:ec2:*:111122223333:vpc/*' } }],
    [
      'by access points of an account',
      { ArnLike: { 's3:DataAccessPointArn': 'arn:aws:s3:*:111122223333:accesspoint/*' } },
    ],
    ['to narrow addresses', { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }],
  ])('but not %s', (_, Condition) => {
    expect(actions(allow({ Condition }))).toEqual([]);
  });

  const barred = (...conditions: readonly Members[]) =>
    actions(allow(), ...conditions.map((one) => denyAll(one)));

  it.each([
    [
      'outside of an endpoint, from the Internet',
      [{ StringNotEquals: { 'aws:SourceVpce': VPCE }, Null: { 'aws:SourceVpce': 'false' } }],
    ],
    ['by a set that is empty there', [{ 'ForAnyValue:StringNotEquals': { 'aws:SourceVpce': VPCE } }]],
    ['over TLS, without it', [{ Bool: { 'aws:SecureTransport': 'true' } }]],
    ['over TLS 1.3, by 1.2', [{ NumericGreaterThan: { 's3:TlsVersion': '1.2' } }]],
    [
      'of other organisations, in none',
      [
        { StringNotEquals: { 'aws:PrincipalOrgID': OURS }, Null: { 'aws:PrincipalOrgID': 'false' } },
        { Null: { 'aws:PrincipalArn': 'true' } },
      ],
    ],
    ['to users, as a role', [{ StringEquals: { 'aws:PrincipalType': ['User', 'Anonymous'] } }]],
  ] as readonly (readonly [string, readonly Members[]])[])('and is not denied %s', (_, conditions) => {
    expect(barred(...conditions)).toEqual(READ);
  });

  it.each([
    ['outside of an endpoint', [{ StringNotEquals: { 'aws:SourceVpce': VPCE } }]],
    ['outside of an organisation', [{ StringNotEquals: { 'aws:PrincipalOrgID': OURS } }]],
    ['outside of addresses', [{ NotIpAddress: { 'aws:SourceIp': '192.0.2.0/24' } }]],
    [
      'with and without TLS',
      [{ Bool: { 'aws:SecureTransport': 'false' } }, { Bool: { 'aws:SecureTransport': 'true' } }],
    ],
  ] as readonly (readonly [string, readonly Members[]])[])('and is denied %s', (_, conditions) => {
    expect(barred(...conditions)).toEqual([]);
  });
});

describe('of all that S3 does', () => {
  it.each(['s3:PutReplicationConfiguration', 's3:DeleteBucketPolicy', 's3:GetBucketPolicy', 's3:WhatIsNew'])(
    '%s is found where it is granted',
    (Action) => {
      expect(actions(allow({ Action, Resource: [BUCKET, `${BUCKET}/*`] }))).toContain(Action);
    },
  );

  it('what a pattern of new ones has', () => {
    expect(actions(allow({ Action: 's3:WhatIs*' }))).toEqual(['s3:WhatIsx']);
  });

  const plain = { Bool: { 'aws:SecureTransport': 'false' } };
  const ASKED_BEFORE = ['s3:Get*', 's3:Put*', 's3:Delete*', 's3:Abort*', 's3:List*'];

  it('all must be refused without TLS', () => {
    expect(ofPlainHttp(policy(denyAll(plain, { Action: ASKED_BEFORE })), BUCKET)).toMatchObject({
      extent: 'partly',
      through: expect.stringMatching(/^s3:BypassGovernanceRetention by /),
    });
    const known = ['B', 'C', 'I', 'O', 'R', 'T', 'U'].map((letter) => `s3:${letter}*`);
    expect(
      ofPlainHttp(policy(denyAll(plain, { Action: [...ASKED_BEFORE, ...known, 's3:OtherOne'] })), BUCKET)
        .extent,
    ).toBe('always');
    expect(
      ofPlainHttp(policy(denyAll(plain, { Action: undefined, NotAction: 's3:Xyz' })), BUCKET).extent,
    ).toBe('always');
  });
});

describe('in each partition', () => {
  it.each(['aws', 'aws-cn', 'aws-us-gov', 'aws-eusc', 'aws-iso', 'aws-iso-b'])('%s', (partition) => {
    const Resource = `arn:${partition}:s3:::models/*`;
    for (const bucket of [BUCKET, `arn:${partition}:s3:::models`]) {
      expect(publicGrants(policy(allow({ Resource })), bucket)).toHaveLength(1);
      expect(publicGrants(policy(allow({ Resource: 'arn:*:s3:::models/*' })), bucket)).toHaveLength(1);
      expect(publicGrants(policy(allow({ Resource: `arn:${partition}:s3:::others/*` })), bucket)).toEqual([]);
      const aes = deny({ StringEquals: { [ALGORITHM]: 'AES256' } }, { Resource });
      expect(ofS3Keys(policy(aes), bucket).extent).toBe('always');
    }
  });
});

describe('a policy that is judged', () => {
  const involved = { code: 'STORE_UNSUPPORTED' };

  /** Who asks is told apart by each, and no key is found for anybody, so that all of them have to be looked at. */
  const evil = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      denyAll(
        {},
        {
          Principal: { AWS: String(100_000_000_000 + index) },
          Resource: `${BUCKET}/*a${'?'.repeat(9)}${index}`,
        },
      ),
    );

  it('comes to an end, once for all that is asked of it', () => {
    const all = policy(denyAll({}), allow(), ...evil(150));
    for (const ask of [ofPlainHttp, ofS3Keys, ofPlainHttp, ofS3Keys, publicGrants])
      expect(() => ask(all, BUCKET)).toThrow(expect.objectContaining(involved));
  });

  it('is judged where it is long, and not made to be involved', () => {
    const roles = Array.from({ length: 100 }, (_, index) =>
      allow({
        Principal: { AWS: `arn:aws:iam::111122223333:role/r${index}` },
        Resource: `${BUCKET}/team-${index}/*`,
      }),
    );
    const plain = { Bool: { 'aws:SecureTransport': 'false' } };
    const all = policy(denyAll(plain), denyAll({ NumericLessThan: { 's3:TlsVersion': 1.2 } }), ...roles);
    expect(publicGrants(all, BUCKET)).toEqual([]);
    expect(ofPlainHttp(all, BUCKET).extent).toBe('always');
  });

  it('takes thousands of principals that no statement tells apart for one', () => {
    const AWS = Array.from({ length: 3_000 }, (_, index) => String(100_000_000_000 + index));
    const plain = { Bool: { 'aws:SecureTransport': 'false' } };
    const given = policy(denyAll(plain), allow({ Principal: { AWS } }));
    expect(ofPlainHttp(given, BUCKET).extent).toBe('always');
  });
});

import { describe, expect, it } from 'vitest';
import { publicGrants } from '../../src/s3/policy/public.js';
import { allow, BUCKET, deny, type Members, policy } from './statements.js';

const actions = (...statements: readonly Members[]) =>
  publicGrants(policy(...statements), BUCKET).map(({ action }) => action);
const under = (condition: object) => actions(allow({ Condition: condition }));
const READ = ['s3:GetObject'];

describe('to strangers a policy grants', () => {
  it.each([
    ['what it allows to everybody', allow(), READ],
    ['by its other spelling', allow({ Principal: { AWS: '*' } }), READ],
    [
      'by all actions but one',
      allow({
        Action: undefined,
        NotAction: ['s3:Put*', 's3:Delete*', 's3:Bypass*'],
        Resource: `${BUCKET}/*`,
      }),
      expect.arrayContaining(['s3:GetObject', 's3:GetObjectVersion', 's3:RestoreObject']),
    ],
    [
      'of the bucket',
      allow({ Action: 's3:*', Resource: BUCKET }),
      expect.arrayContaining([
        's3:PutBucketPolicy',
        's3:DeleteBucket',
        's3:PutReplicationConfiguration',
        's3:ListBucket',
      ]),
    ],
    ['below a prefix', allow({ Resource: `${BUCKET}/public/*` }), READ],
    ['below the prefix of who asks', allow({ Resource: `${BUCKET}/\${aws:username}/*` }), READ],
    [
      'to all but a role',
      allow({ Principal: undefined, NotPrincipal: { AWS: 'arn:aws:iam::111122223333:role/ops' } }),
      READ,
    ],
    ['nothing in another bucket', allow({ Resource: 'arn:aws:s3:::others/*' }), []],
    ['nothing to an account', allow({ Principal: { AWS: '111122223333' } }), []],
    ['nothing to a service', allow({ Principal: { Service: 'logging.s3.amazonaws.com' } }), []],
    ['nothing by a Deny', deny(), []],
  ])('%s', (_, statement, expected) => {
    expect(actions(statement)).toEqual(expected);
  });

  it.each([
    ['that says where it came from', { StringLike: { 'aws:Referer': 'https://example.com/*' } }],
    ['that says what asks', { StringEquals: { 'aws:UserAgent': 'secret-agent' } }],
    ['that anybody fulfils by TLS', { Bool: { 'aws:SecureTransport': 'true' } }],
    ['of a tag of the object', { StringEquals: { 's3:ExistingObjectTag/public': 'yes' } }],
    ['of half the world', { IpAddress: { 'aws:SourceIp': ['0.0.0.0/1', '128.0.0.0/1'] } }],
    ['of all of IPv6', { IpAddress: { 'aws:SourceIp': '::/0' } }],
    ['of all but some addresses', { NotIpAddress: { 'aws:SourceIp': '192.0.2.0/24' } }],
    ['of all but one organisation', { StringNotEquals: { 'aws:PrincipalOrgID': 'o-ours' } }],
    ['of an organisation, if there is one', { StringEqualsIfExists: { 'aws:PrincipalOrgID': 'o-ours' } }],
    [
      'of an organisation, by all of nothing',
      { 'ForAllValues:StringEquals': { 'aws:PrincipalOrgID': 'o-ours' } },
    ],
    ['of any network', { StringLike: { 'aws:SourceVpc': 'vpc-*' } }],
    ['of any identity', { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:user/*' } }],
    ['of an unknown operator', { StringIs: { 'aws:PrincipalOrgID': 'o-ours' } }],
    ['of an unknown key', { StringEquals: { 'aws:SourceWhatever': 'ours' } }],
  ])('what it allows under a condition %s', (_, condition) => {
    expect(under(condition)).toEqual(READ);
  });

  it.each([
    ['of an organisation', { StringEquals: { 'aws:PrincipalOrgID': 'o-ours' } }],
    ['of an account', { StringEquals: { 'aws:PrincipalAccount': ['111122223333', '444455556666'] } }],
    ['of roles of an account', { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/*' } }],
    ['of addresses', { IpAddress: { 'aws:SourceIp': ['192.0.2.0/24', '2001:db8::/32', '198.51.100.7'] } }],
    ['of a network', { StringEquals: { 'aws:SourceVpc': 'vpc-0123456789abcdef0' } }],
    ['of an endpoint', { StringLike: { 'aws:SourceVpce': 'vpce-0123456789abcdef0' } }],
    [
      'of a distribution',
      { ArnLike: { 'AWS:SourceArn': 'arn:aws:cloudfront::111122223333:distribution/*' } },
    ],
    ['of an access point', { StringEquals: { 's3:DataAccessPointAccount': '111122223333' } }],
    [
      'among others that anybody fulfils',
      { Bool: { 'aws:SecureTransport': true }, StringEquals: { 'aws:PrincipalOrgID': 'o-ours' } },
    ],
  ])('nothing under a condition %s', (_, condition) => {
    expect(under(condition)).toEqual([]);
  });

  it('nothing that is denied to everybody', () => {
    expect(actions(allow(), deny({}, { Action: 's3:Get*' }))).toEqual([]);
    expect(
      actions(allow({ Resource: `${BUCKET}/a/*` }), deny({}, { Action: 's3:*', Resource: `${BUCKET}/a*` })),
    ).toEqual([]);
  });

  it('what a Deny leaves, for some keys or for who fulfils its condition', () => {
    const [grant] = publicGrants(
      policy(allow({ Sid: 'All' }), deny({}, { Action: 's3:*', Resource: `${BUCKET}/x*` })),
      BUCKET,
    );
    expect(grant).toEqual({
      action: 's3:GetObject',
      anonymous: true,
      key: expect.not.stringMatching(/^x/),
      sid: 'All',
      statements: [0],
    });
    expect(actions(allow(), deny({ StringEquals: { 'aws:UserAgent': 'evil' } }, { Action: 's3:*' }))).toEqual(
      READ,
    );
    // Whoever is outside of the organisation.
    expect(
      actions(allow(), deny({ StringNotEquals: { 'aws:PrincipalOrgID': 'o-ours' } }, { Action: 's3:*' })),
    ).toEqual([]);
    expect(
      actions(
        allow(),
        deny({ StringNotEqualsIfExists: { 'aws:PrincipalOrgID': 'o-ours' } }, { Action: 's3:*' }),
      ),
    ).toEqual([]);
    expect(
      actions(
        allow(),
        deny(
          { StringNotEquals: { 'aws:PrincipalOrgID': 'o-ours' }, Null: { 'aws:PrincipalOrgID': false } },
          { Action: 's3:*' },
        ),
      ),
    ).toEqual(READ);
  });

  it('what it allows to identities of any account, and not to nobody', () => {
    const statement = allow({ Condition: { Null: { 'aws:PrincipalAccount': 'false' } } });
    expect(publicGrants(policy(statement), BUCKET)).toMatchObject([
      { action: 's3:GetObject', anonymous: false },
    ]);
    expect(publicGrants(policy(allow()), BUCKET)).toMatchObject([{ anonymous: true }]);
  });
});

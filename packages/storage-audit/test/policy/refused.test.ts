import { describe, expect, it } from 'vitest';
import type { Policy } from '../../src/s3/policy/document.js';
import type { Refusal } from '../../src/s3/policy/refused.js';
import {
  ofCustomerKeys,
  ofDefault,
  ofManagedKey,
  ofOtherKey,
  ofPlainHttp,
  ofS3Keys,
  ofTlsVersion,
} from '../../src/s3/policy/uploads.js';
import { ALGORITHM, allow, BUCKET, deny, denyAll, KEY, KEY_ID, OTHER_KEY, policy } from './statements.js';

type Row = readonly [title: string, policy: Policy, extent: Refusal['extent']];

function cases(of: (policy: Policy, bucket: string) => Refusal, rows: readonly Row[]): void {
  it.each(rows)('%s', (_, given, extent) => {
    const { through, ...found } = of(given, BUCKET);
    expect(found).toEqual({ extent });
    expect(through === undefined).toBe(extent === 'always');
  });
}

const other = { StringNotEquals: { [ALGORITHM]: 'aws:kms' } };
const none = { Null: { [ALGORITHM]: 'true' } };
const OPS = 'arn:aws:iam::111122223333:role/ops';

describe('an upload that asks for the keys of S3', () => {
  cases(ofS3Keys, [
    ['is refused where it is another algorithm', policy(deny(other)), 'always'],
    [
      'and where that is said …IfExists',
      policy(deny({ StringNotEqualsIfExists: other.StringNotEquals })),
      'always',
    ],
    ['and where it is named', policy(deny({ StringEquals: { [ALGORITHM]: 'AES256' } })), 'always'],
    [
      'and by a pattern of the others',
      policy(deny({ StringNotLike: { [ALGORITHM]: 'aws:kms*' } })),
      'always',
    ],
    [
      'and by one of several values',
      policy(deny({ StringEquals: { [ALGORITHM]: ['x', 'AES256'] } })),
      'always',
    ],
    [
      'and whatever the case of the names',
      policy(deny({ StringNotEquals: { [ALGORITHM.toUpperCase()]: 'aws:kms' } }, { Action: 'S3:putobject' })),
      'always',
    ],
    [
      'not where one of the others is it',
      policy(deny({ StringNotEquals: { [ALGORITHM]: ['aws:kms', 'AES256'] } })),
      'never',
    ],
    ['not where only a missing header is', policy(deny(none)), 'never'],
    ['not by a policy of nothing', policy(), 'never'],
    [
      'not by an Allow of the right ones',
      policy(allow({ Action: 's3:PutObject', Condition: { StringEquals: { [ALGORITHM]: 'aws:kms' } } })),
      'never',
    ],
    ['only below a prefix', policy(deny(other, { Resource: `${BUCKET}/llama/*` })), 'partly'],
    ['not in another bucket', policy(deny(other, { Resource: 'arn:aws:s3:::others/*' })), 'never'],
    ['not of the bucket without its objects', policy(deny(other, { Resource: BUCKET })), 'never'],
    ['of all buckets', policy(deny(other, { Resource: '*' })), 'always'],
    [
      'of objects by two halves',
      policy(deny(other, { Resource: `${BUCKET}/a*` }), deny(other, { NotResource: `${BUCKET}/a*` })),
      'always',
    ],
    ['all but one prefix', policy(deny(other, { NotResource: `${BUCKET}/open/*` })), 'partly'],
    ['all but another bucket', policy(deny(other, { NotResource: 'arn:aws:s3:::others/*' })), 'always'],
    [
      'of keys by a question mark and more',
      policy(deny(other, { Resource: [`${BUCKET}/?`, `${BUCKET}/??*`] })),
      'always',
    ],
    ['of keys of one character', policy(deny(other, { Resource: `${BUCKET}/?` })), 'partly'],
    ['by all actions', policy(deny(other, { Action: '*' })), 'always'],
    ['by a pattern of actions', policy(deny(other, { Action: ['s3:Get*', 's3:Put*'] })), 'always'],
    ['by all other actions', policy(deny(other, { Action: undefined, NotAction: 's3:Get*' })), 'always'],
    [
      'not where it is the action that is left out',
      policy(deny(other, { Action: undefined, NotAction: ['s3:PutObject', 's3:GetObject'] })),
      'never',
    ],
    ['not by another action', policy(deny(other, { Action: 's3:PutObjectAcl' })), 'never'],
    [
      'of all but a role',
      policy(deny(other, { Principal: undefined, NotPrincipal: { AWS: OPS } })),
      'partly',
    ],
    [
      'whatever a service is allowed',
      policy(
        deny(other),
        allow({ Principal: { Service: 'logging.s3.amazonaws.com' }, Action: 's3:PutObject' }),
      ),
      'always',
    ],
    [
      'of all but a service',
      policy(deny(other, { NotPrincipal: { Service: 'logging.s3.amazonaws.com' } })),
      'always',
    ],
    ['of one role alone', policy(deny(other, { Principal: { AWS: OPS } })), 'partly'],
    ['of everybody by its other spelling', policy(deny(other, { Principal: { AWS: '*' } })), 'always'],
    ['of everybody among others', policy(deny(other, { Principal: { AWS: [OPS, '*'] } })), 'always'],
    [
      'of one role, and of all but it',
      policy(
        deny(other, { Principal: { AWS: OPS } }),
        deny(other, { Principal: undefined, NotPrincipal: { AWS: OPS } }),
      ),
      'always',
    ],
    [
      'of one account, and of all but a role of it',
      policy(
        deny(other, { Principal: { AWS: '111122223333' } }),
        deny(other, { Principal: undefined, NotPrincipal: { AWS: OPS } }),
      ),
      'always',
    ],
    [
      'under another condition too',
      policy(deny({ ...other, ArnNotLike: { 'aws:PrincipalArn': OPS } })),
      'partly',
    ],
    ['over plain HTTP alone', policy(deny({ ...other, Bool: { 'aws:SecureTransport': 'false' } })), 'never'],
    ['over TLS alone', policy(deny({ ...other, Bool: { 'aws:SecureTransport': 'true' } })), 'always'],
    ['by an operator that nobody knows', policy(deny({ StringIsNot: { [ALGORITHM]: 'aws:kms' } })), 'partly'],
    [
      'by a value of a variable',
      policy(deny({ StringNotEquals: { [ALGORITHM]: `\${aws:PrincipalTag/algorithm}` } })),
      'partly',
    ],
    [
      'below a prefix of a variable',
      policy(deny(other, { Resource: `${BUCKET}/\${aws:username}/*` })),
      'partly',
    ],
    [
      'not by any of several values of its own',
      policy(deny({ 'ForAnyValue:StringEquals': { [ALGORITHM]: ['aws:kms'] } })),
      'never',
    ],
    [
      'by any of its values',
      policy(deny({ 'ForAnyValue:StringNotEquals': { [ALGORITHM]: ['aws:kms'] } })),
      'always',
    ],
    [
      'by all of its values',
      policy(deny({ 'ForAllValues:StringNotEquals': { [ALGORITHM]: ['aws:kms'] } })),
      'always',
    ],
  ]);
});

describe('an upload that asks for no encryption', () => {
  cases(ofDefault, [
    // The trap: what is missing is unlike everything.
    ['is refused where it must be another', policy(deny(other)), 'always'],
    ['and where it must be there', policy(deny(none)), 'always'],
    [
      'not where that is said …IfExists and negated',
      policy(deny({ Null: { [ALGORITHM]: 'false' } })),
      'never',
    ],
    [
      'by …IfExists, which what is missing fulfils',
      policy(deny({ StringNotEqualsIfExists: other.StringNotEquals })),
      'always',
    ],
    ['not where it must be there as well', policy(deny({ ...other, Null: { [ALGORITHM]: false } })), 'never'],
    ['not where it must be like something', policy(deny({ StringLike: { [ALGORITHM]: '*' } })), 'never'],
    [
      'by a set, of which all nothings are',
      policy(deny({ 'ForAllValues:StringEquals': { [ALGORITHM]: 'x' } })),
      'always',
    ],
    [
      'not by a set of which some must be',
      policy(deny({ 'ForAnyValue:StringNotEquals': { [ALGORITHM]: 'x' } })),
      'never',
    ],
    ['by a Null that may be either', policy(deny({ Null: { [ALGORITHM]: ['true', 'false'] } })), 'always'],
    ['by a Null that is neither', policy(deny({ Null: { [ALGORITHM]: 'yes' } })), 'partly'],
  ]);
});

describe('an upload under AWS KMS that names no key', () => {
  cases(ofManagedKey, [
    ['is refused where another is', policy(deny({ StringNotEquals: { [KEY_ID]: KEY } })), 'always'],
    [
      'not where only what is named counts',
      policy(deny({ StringNotEquals: { [KEY_ID]: KEY }, Null: { [KEY_ID]: 'false' } })),
      'never',
    ],
    ['not all where only the algorithm is asked for', policy(deny(other)), 'partly'],
    [
      'and in two layers too',
      policy(deny({ StringLike: { [ALGORITHM]: 'aws:kms*' }, Null: { [KEY_ID]: 'true' } })),
      'always',
    ],
    [
      'not in two layers where only one is asked about',
      policy(deny({ StringEquals: { [ALGORITHM]: 'aws:kms' }, Null: { [KEY_ID]: 'true' } })),
      'partly',
    ],
  ]);
});

describe('an upload under another key', () => {
  cases(
    (given, bucket) => ofOtherKey(given, bucket, KEY),
    [
      [
        'is refused where it must be that one',
        policy(deny({ StringNotEquals: { [KEY_ID]: KEY } })),
        'always',
      ],
      [
        'and where what is named must be',
        policy(deny({ StringNotEqualsIfExists: { [KEY_ID]: KEY } })),
        'always',
      ],
      ['and by its ARN', policy(deny({ ArnNotEquals: { [KEY_ID]: KEY } })), 'always'],
      [
        'not all where another may be as well',
        policy(deny({ StringNotEquals: { [KEY_ID]: [KEY, OTHER_KEY] } })),
        'partly',
      ],
      [
        'not all where any of the account may be',
        policy(deny({ StringNotLike: { [KEY_ID]: 'arn:aws:kms:*:111122223333:key/*' } })),
        'partly',
      ],
      [
        'not all where any of another account may be',
        policy(deny({ ArnNotLike: { [KEY_ID]: ['arn:aws:kms:*:444455556666:key/*', KEY] } })),
        'partly',
      ],
      ['not all where only the algorithm is asked for', policy(deny(other)), 'partly'],
      [
        'not where it is that one that is refused',
        policy(deny({ StringEquals: { [KEY_ID]: KEY } })),
        'never',
      ],
      ['where only one other is refused', policy(deny({ StringEquals: { [KEY_ID]: OTHER_KEY } })), 'partly'],
    ],
  );

  it('is told with the key that gets through', () => {
    const given = policy(deny({ StringNotEquals: { [KEY_ID]: [KEY, OTHER_KEY] } }));
    expect(ofOtherKey(given, BUCKET, KEY).through).toBe(`any identity, under ${OTHER_KEY}, as aws:kms`);
  });
});

describe('an upload under a key of the caller’s own', () => {
  const customer = 's3:x-amz-server-side-encryption-customer-algorithm';
  cases(ofCustomerKeys, [
    ['is refused where it says so', policy(deny({ Null: { [customer]: 'false' } })), 'always'],
    ['and where any other encryption must be named', policy(deny(none)), 'always'],
    [
      'not where what is named must be another',
      policy(deny({ StringEquals: { [ALGORITHM]: 'AES256' } })),
      'never',
    ],
    ['not the wrong way round', policy(deny({ Null: { [customer]: 'true' } })), 'never'],
  ]);
});

describe('what is asked without TLS', () => {
  const plain = { Bool: { 'aws:SecureTransport': 'false' } };
  cases(ofPlainHttp, [
    ['is refused', policy(denyAll(plain)), 'always'],
    ['and by truth that is no text', policy(denyAll({ Bool: { 'aws:SecureTransport': false } })), 'always'],
    [
      'and by two statements',
      policy(deny(plain, { Action: 's3:*' }), deny(plain, { Action: 's3:*', Resource: BUCKET })),
      'always',
    ],
    ['and by a pattern that has both', policy(denyAll(plain, { Resource: `${BUCKET}*` })), 'always'],
    ['not the wrong way round', policy(denyAll({ Bool: { 'aws:SecureTransport': 'true' } })), 'never'],
    ['of objects alone', policy(denyAll(plain, { Resource: `${BUCKET}/*` })), 'partly'],
    ['of the bucket alone', policy(denyAll(plain, { Resource: BUCKET })), 'partly'],
    ['of reading alone', policy(denyAll(plain, { Action: 's3:GetObject' })), 'partly'],
    ['of all but deleting', policy(denyAll(plain, { Action: undefined, NotAction: 's3:Delete*' })), 'partly'],
    [
      'not where it is allowed by TLS alone',
      policy(allow({ Condition: { Bool: { 'aws:SecureTransport': 'true' } } })),
      'never',
    ],
    [
      'of all but an account',
      policy(
        denyAll(plain, { Principal: undefined, NotPrincipal: { AWS: 'arn:aws:iam::111122223333:root' } }),
      ),
      'partly',
    ],
    [
      'by the version of TLS, which plain HTTP has none of',
      policy(denyAll({ NumericLessThan: { 's3:TlsVersion': 1.2 } })),
      'never',
    ],
    [
      'and by …IfExists of it',
      policy(denyAll({ NumericLessThanIfExists: { 's3:TlsVersion': 1.2 } })),
      'always',
    ],
    ['by a value that is no truth', policy(denyAll({ Bool: { 'aws:SecureTransport': 'no' } })), 'partly'],
    [
      'but from some addresses',
      policy(denyAll({ ...plain, NotIpAddress: { 'aws:SourceIp': '192.0.2.0/24' } })),
      'partly',
    ],
    [
      'but of services of AWS, whoever signs',
      policy(denyAll({ ...plain, BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' } })),
      'always',
    ],
    [
      'but of who does not sign',
      policy(denyAll({ ...plain, Bool: { 'aws:PrincipalIsAWSService': 'false' } })),
      'partly',
    ],
  ]);
});

describe('what is asked over TLS 1.1', () => {
  const old = (least: unknown) => denyAll({ NumericLessThan: { 's3:TlsVersion': least } });
  cases(
    (given, bucket) => ofTlsVersion(given, bucket, '1.1'),
    [
      ['is refused', policy(old('1.2')), 'always'],
      ['and by a number', policy(old(1.3)), 'always'],
      ['and by several', policy(old(['1.1', '1.2'])), 'always'],
      [
        'and by what is not above',
        policy(denyAll({ NumericLessThanEquals: { 's3:TlsVersion': '1.1' } })),
        'always',
      ],
      ['and by names', policy(denyAll({ StringEquals: { 's3:TlsVersion': ['1.0', '1.1'] } })), 'always'],
      ['not below it', policy(old('1.1')), 'never'],
      [
        'not the wrong way round',
        policy(denyAll({ NumericGreaterThan: { 's3:TlsVersion': '1.2' } })),
        'never',
      ],
      ['by no number', policy(old('TLSv1.2')), 'partly'],
      ['by no value', policy(old([])), 'partly'],
      [
        'by all values of one',
        policy(denyAll({ 'ForAllValues:NumericLessThan': { 's3:TlsVersion': '1.2' } })),
        'always',
      ],
    ],
  );
});

describe('who gets through', () => {
  it('is told with a key', () => {
    const given = policy(deny(other, { Resource: [`${BUCKET}/x*`, `${BUCKET}/y*`] }));
    expect(ofS3Keys(given, BUCKET).through).toMatch(/^any identity, with the key "[^xy]"$/);
  });

  it('is told by name where the policy has it', () => {
    const given = policy(deny(other, { Principal: undefined, NotPrincipal: { AWS: OPS } }));
    expect(ofS3Keys(given, BUCKET).through).toBe(OPS);
  });
});

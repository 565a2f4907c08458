import { isWeightsealError } from '@weightseal/core';
import { awsKeyFromUri, createAwsKey } from '@weightseal/kms-aws';
import { describe, expect, it } from 'vitest';

const ID = '1234abcd-12ab-34cd-56ef-1234567890ab';
const MRK = 'mrk-1234abcd12ab34cd56ef1234567890ab';
const ARN = `arn:aws:kms:eu-central-1:111122223333:key/${ID}`;

describe('the URI of an AWS KMS key', () => {
  it.each([
    `aws-kms://${ARN}`,
    `aws-kms://arn:aws:kms:us-east-1:111122223333:key/${MRK}`,
    `aws-kms://arn:aws-cn:kms:cn-north-1:111122223333:key/${ID}`,
    `aws-kms://arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/${ID}`,
    `aws-kms://arn:aws-iso-b:kms:us-isob-east-1:111122223333:key/${ID}`,
    `aws-kms://arn:aws-eusc:kms:eusc-de-east-1:111122223333:key/${ID}`,
    'aws-kms://arn:aws:kms:eu-central-1:111122223333:alias/models',
    'aws-kms://alias/models',
    'aws-kms://alias/team/models-2_a?region=eu-central-1',
    `aws-kms://${ID}?region=eu-central-1`,
    `aws-kms://${MRK}`,
  ])('%s stands for itself', (uri) => {
    const key = awsKeyFromUri(uri);
    expect(key.uri).toBe(uri);
    expect(key.provider).toBe('aws-kms');
  });

  it.each([
    ['another scheme', `aws://${ARN}`],
    ['no key', 'aws-kms://'],
    ['a region beside an ARN', `aws-kms://${ARN}?region=eu-central-1`],
    ['a parameter that is not known', 'aws-kms://alias/models?profile=prod'],
    [
      'a region that is part of a host name elsewhere',
      'aws-kms://alias/models?region=eu-central-1.example.com',
    ],
    ['an empty region', 'aws-kms://alias/models?region='],
    ['credentials', 'aws-kms://AKIAIOSFODNN7EXAMPLE:secret@alias/models'],
    ['another service', `aws-kms://arn:aws:s3:eu-central-1:111122223333:key/${ID}`],
    ['another partition', `aws-kms://arn:gcp:kms:eu-central-1:111122223333:key/${ID}`],
    ['an account of eleven digits', `aws-kms://arn:aws:kms:eu-central-1:11112222333:key/${ID}`],
    ['an ARN without a region', `aws-kms://arn:aws:kms::111122223333:key/${ID}`],
    ['an ARN of a grant', 'aws-kms://arn:aws:kms:eu-central-1:111122223333:grant/1'],
    ['a key id that is none', 'aws-kms://arn:aws:kms:eu-central-1:111122223333:key/models'],
    ['a bare name', 'aws-kms://models'],
    ['an alias without a name', 'aws-kms://alias/'],
    ['an alias that AWS does not allow', 'aws-kms://alias/mod.els'],
    ['a slash at the end', `aws-kms://${ARN}/`],
  ])('%s is refused', (_, uri) => {
    expect(codeOf(() => awsKeyFromUri(uri))).toBe('KEY_URI_INVALID');
  });

  it('is made of the options, which are checked likewise', () => {
    expect(createAwsKey({ keyId: ARN }).uri).toBe(`aws-kms://${ARN}`);
    expect(createAwsKey({ keyId: 'alias/models', region: 'eu-west-1' }).uri).toBe(
      'aws-kms://alias/models?region=eu-west-1',
    );
    expect(codeOf(() => createAwsKey({ keyId: ARN, region: 'eu-west-1' }))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => createAwsKey({ keyId: 'models' }))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => createAwsKey({} as never))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => createAwsKey({ keyId: ARN, deadlineMs: 0 }))).toBe('INVALID_ARGUMENT');
  });
});

function codeOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    return isWeightsealError(error) ? error.code : String(error);
  }
  return 'accepted';
}

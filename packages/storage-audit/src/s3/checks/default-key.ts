import { failed, inapplicable, isKms, passed, type Result, type S3Check } from '../check.js';
import type { Facts } from '../facts.js';
import { isSameKey, keyArn } from '../key-facts.js';
import { encryptionMend } from '../mends.js';

export const defaultKey: S3Check = {
  id: 's3/default-key',
  title: 'The default encryption is under the right key',
  why: 'Under the key that AWS manages itself (aws/s3) nobody can say who may decrypt. A bare id or alias is looked up in the account of whoever uploads, so objects may come under a key of a stranger.',
  whenSealed:
    'The key of the bucket then guards ciphertext only. A wrong one can still keep its owner from reading, since whoever holds it may withdraw it.',
  severity: { plain: 'high', sealed: 'medium' },
  async look(facts) {
    const { SSEAlgorithm: algorithm, KMSMasterKeyID: key } =
      (await facts.encryption())?.ApplyServerSideEncryptionByDefault ?? {};
    if (!isKms(algorithm)) return inapplicable('The default encryption has no key of AWS KMS.');
    if (key === undefined || key === '' || /(?:^|:)alias\/aws\/s3$/.test(key))
      return failed(
        'The default encryption is under the key that AWS manages for S3 (aws/s3).',
        encryptionMend(facts),
      );
    return ofKey(facts, key);
  },
};

async function ofKey(facts: Facts, key: string): Promise<Result> {
  const { bucketOwner, expectedKey } = facts.options;
  const arn = keyArn(key);
  if (arn === undefined)
    return failed(
      `The default encryption names its key by ${key.slice(0, 100)}, which is looked up in the account of whoever uploads.`,
      encryptionMend(facts),
    );
  const region = await facts.region();
  if (arn.region !== region)
    return failed(
      `The bucket is in ${region}, and its default encryption names the key ${key}, in another region.`,
      encryptionMend(facts),
    );
  if (expectedKey !== undefined) {
    const [found, expected] = [await facts.keys.arnOf(key), await facts.keys.arnOf(expectedKey)];
    return isSameKey(found, expected)
      ? passed(`The default encryption is under ${key}, as expected.`)
      : failed(
          `The default encryption is under ${key}, and ${expectedKey} was expected.`,
          encryptionMend(facts),
        );
  }
  if (bucketOwner !== undefined && arn.account !== bucketOwner)
    return failed(
      `The bucket belongs to ${bucketOwner}, and the key of its default encryption, ${key}, to another account.`,
      encryptionMend(facts),
    );
  return passed(
    `The default encryption is under ${key}, in the region of the bucket; no \`expectedKey\` was told to compare it with.`,
  );
}

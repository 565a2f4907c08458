import { failed, inapplicable, passed, type S3Check } from '../check.js';
import { encryptionMend, wantedKey } from '../mends.js';

export const bucketKey: S3Check = {
  id: 's3/bucket-key',
  title: 'A bucket key spares AWS KMS',
  why: 'Without one each object that is read or written is a call to AWS KMS: it costs, and many machines that load a model at once are throttled there.',
  whenSealed: 'It is the same: S3 asks AWS KMS for each object, sealed or not.',
  severity: { plain: 'low', sealed: 'low' },
  async look(facts) {
    const rule = await facts.encryption();
    const { SSEAlgorithm: algorithm, KMSMasterKeyID: key } = rule?.ApplyServerSideEncryptionByDefault ?? {};
    if (algorithm === 'aws:kms:dsse') return inapplicable('Encryption in two layers knows no bucket keys.');
    if (algorithm !== 'aws:kms') return inapplicable('The default encryption has no key of AWS KMS.');
    if (rule?.BucketKeyEnabled === true) return passed('The bucket key is enabled.');
    return failed('The bucket key is not enabled.', encryptionMend(facts, key || wantedKey(facts)));
  },
};

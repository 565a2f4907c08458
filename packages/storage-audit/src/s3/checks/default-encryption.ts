import { failed, isKms, passed, type S3Check } from '../check.js';
import { encryptionMend } from '../mends.js';

export const defaultEncryption: S3Check = {
  id: 's3/default-encryption',
  title: 'The default encryption is of AWS KMS',
  why: 'What is uploaded without naming an encryption gets the default. Under the keys of S3 itself, whoever may read an object reads it, no use of a key is logged, and no key can be withdrawn.',
  whenSealed:
    'Sealed objects stay sealed under any default. It adds a second key, which can be withdrawn by itself; the names and sizes of objects are in the clear either way.',
  severity: { plain: 'high', sealed: 'low' },
  async look(facts) {
    const algorithm = (await facts.encryption())?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm;
    if (isKms(algorithm)) return passed(`The default is ${algorithm}.`);
    return failed(
      algorithm === undefined
        ? 'The bucket has no default encryption.'
        : `The default is ${String(algorithm).slice(0, 32)}, which has no key of AWS KMS.`,
      encryptionMend(facts),
    );
  },
};

import { failed, isKms, passed, type S3Check } from '../check.js';
import { encryptionMend } from '../mends.js';
import { ofDefault, ofS3Keys } from '../policy/uploads.js';
import { policyMend } from '../policy-mend.js';

export const policyEncryption: S3Check = {
  id: 's3/policy-encryption',
  title: 'The policy refuses uploads that are not encrypted by AWS KMS',
  why: 'A default is what happens where nothing is asked for. Whoever uploads may ask for the keys of S3 itself, unless the policy refuses that.',
  whenSealed: 'What is sealed stays sealed, also where the upload asked for less than the default.',
  severity: { plain: 'medium', sealed: 'low' },
  async look(facts) {
    const algorithm = (await facts.encryption())?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm;
    const policy = await facts.policy();
    const mend = () => policyMend(facts, 'encryption');
    if (policy === undefined) return failed('The bucket has no policy.', await mend());
    const bucket = await facts.arn();
    const asked = ofS3Keys(policy, bucket);
    if (asked.extent !== 'always')
      return failed(
        `The policy lets uploads through that ask for the keys of S3 itself (AES256): by ${asked.through}.`,
        await mend(),
      );
    const unasked = ofDefault(policy, bucket);
    if (unasked.extent === 'always')
      return passed(
        'The policy refuses uploads that ask for AES256, and those that ask for nothing, as those of weightseal do.',
      );
    if (isKms(algorithm))
      return passed(
        'The policy refuses uploads that ask for AES256; those that ask for nothing get the default, which is of AWS KMS.',
      );
    return failed(
      `The policy lets uploads through that ask for no encryption, and the default is not of AWS KMS: by ${unasked.through}.`,
      encryptionMend(facts),
    );
  },
};

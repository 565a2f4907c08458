import { failed, inapplicable, passed, type S3Check } from '../check.js';
import { ofManagedKey, ofOtherKey } from '../policy/uploads.js';
import { policyMend, requiredKey } from '../policy-mend.js';

export const policyKey: S3Check = {
  id: 's3/policy-key',
  title: 'The policy refuses uploads under other keys',
  why: 'An upload may name any key of AWS KMS, one of another account too, or none: then it is the one that AWS manages, whatever the default is. Its objects follow that key’s policy, and its owner may withdraw it.',
  whenSealed:
    'What is sealed stays sealed under any of them. Its owner can be kept from reading it, by whoever holds the key above.',
  severity: { plain: 'medium', sealed: 'low' },
  async look(facts) {
    const key = await requiredKey(facts);
    if (key === undefined) return inapplicable('No key is expected, and the default encryption names none.');
    const policy = await facts.policy();
    const mend = () => policyMend(facts, 'key');
    if (policy === undefined) return failed('The bucket has no policy.', await mend());
    const bucket = await facts.arn();
    const other = ofOtherKey(policy, bucket, key);
    if (other.extent !== 'always')
      return failed(
        `The policy lets uploads through under another key than ${key}: by ${other.through}.`,
        await mend(),
      );
    const managed = ofManagedKey(policy, bucket);
    if (managed.extent !== 'always')
      return failed(
        `The policy lets uploads through that ask for AWS KMS and name no key, and so come under the one that AWS manages: by ${managed.through}.`,
        await mend(),
      );
    return passed(`The policy refuses uploads under any other key than ${key}.`);
  },
};

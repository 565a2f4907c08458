import { failed, passed, type S3Check } from '../check.js';
import { ofCustomerKeys } from '../policy/uploads.js';
import { policyMend } from '../policy-mend.js';

export const customerKeys: S3Check = {
  id: 's3/customer-keys',
  title: 'Uploads under keys of the caller’s own (SSE-C) are refused',
  why: 'Whoever may write can encrypt what is there anew, under a key that only they have, and ask money for it.',
  whenSealed: 'It is the same: what is sealed can be locked away as anything can.',
  severity: { plain: 'medium', sealed: 'medium' },
  async look(facts) {
    const blocked = (await facts.encryption())?.BlockedEncryptionTypes?.EncryptionType ?? [];
    if (blocked.includes('SSE-C')) return passed('The encryption of the bucket blocks SSE-C.');
    const policy = await facts.policy();
    const mend = () => policyMend(facts, 'customer-keys');
    if (policy === undefined)
      return failed('The bucket does not block SSE-C, and has no policy.', await mend());
    const bucket = await facts.arn();
    const refused = ofCustomerKeys(policy, bucket);
    if (refused.extent === 'always') return passed('The policy refuses uploads under SSE-C.');
    return failed(
      `The bucket does not block SSE-C, and the policy lets it through: by ${refused.through}.`,
      await mend(),
    );
  },
};

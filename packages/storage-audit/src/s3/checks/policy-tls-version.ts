import { failed, passed, type S3Check } from '../check.js';
import { ofTlsVersion } from '../policy/uploads.js';
import { policyMend } from '../policy-mend.js';

const OLD = ['1.0', '1.1'];

export const policyTlsVersion: S3Check = {
  id: 's3/policy-tls-version',
  title: 'The policy refuses old versions of TLS',
  why: 'TLS 1.0 and 1.1 are broken. Amazon’s own endpoints refuse them since 2024; a policy says so of every way to the bucket, and lasts.',
  whenSealed: 'As with plain HTTP: the objects are safe on the way, what is asked for is not.',
  severity: { plain: 'low', sealed: 'info' },
  async look(facts) {
    const policy = await facts.policy();
    const mend = () => policyMend(facts, 'tls-version');
    if (policy === undefined) return failed('The bucket has no policy.', await mend());
    const bucket = await facts.arn();
    for (const version of OLD) {
      const refused = ofTlsVersion(policy, bucket, version);
      if (refused.extent !== 'always')
        return failed(`The policy lets TLS ${version} through: ${refused.through}.`, await mend());
    }
    const least = ofTlsVersion(policy, bucket, '1.2').extent === 'always' ? '1.3' : '1.2';
    return passed(`The policy asks for TLS ${least} at least.`);
  },
};

import { failed, passed, type S3Check } from '../check.js';
import { ofPlainHttp } from '../policy/uploads.js';
import { policyMend } from '../policy-mend.js';

export const policyTls: S3Check = {
  id: 's3/policy-tls',
  title: 'The policy refuses requests without TLS',
  why: 'S3 answers over plain HTTP too. Whoever is on the way then reads the objects, and the session tokens of those who ask.',
  whenSealed:
    'What is sealed cannot be read on the way, nor be changed unnoticed. Which models are asked for, and session tokens, still can be seen.',
  severity: { plain: 'high', sealed: 'medium' },
  async look(facts) {
    const policy = await facts.policy();
    const mend = () => policyMend(facts, 'tls');
    if (policy === undefined) return failed('The bucket has no policy.', await mend());
    const bucket = await facts.arn();
    const refused = ofPlainHttp(policy, bucket);
    if (refused.extent === 'always') return passed('The policy refuses all that is asked without TLS.');
    return failed(
      `The policy ${refused.extent === 'partly' ? 'refuses only some of what' : 'does not refuse what'} is asked without TLS: it lets through ${refused.through}.`,
      await mend(),
    );
  },
};

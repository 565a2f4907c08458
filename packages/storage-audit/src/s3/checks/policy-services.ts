import { shown } from '@weightseal/core';
import { failed, passed, type S3Check } from '../check.js';
import { changed } from '../mends.js';
import { isReading } from '../policy/actions.js';
import { serviceGrants } from '../policy/services.js';
import { listed } from './policy-public.js';

export const policyServices: S3Check = {
  id: 's3/policy-services',
  title: 'Services of AWS that the policy names act for whom they should only',
  why: 'A service does it for whoever tells it to, in whatever account, where no condition says for whom (aws:SourceAccount, aws:SourceArn, aws:SourceOrgID).',
  whenSealed:
    'Who reads by it gets ciphertext. Who writes by it can still put an old model in the place of a new.',
  severity: { plain: 'medium', sealed: 'low' },
  async look(facts) {
    const policy = await facts.policy();
    if (policy === undefined) return passed('The bucket has no policy, and so none that names a service.');
    const grants = serviceGrants(policy, await facts.arn());
    if (grants.length === 0) return passed('No service may do anything for accounts that nobody knows.');
    const open = [...new Set(grants.flatMap(({ statements }) => statements))].toSorted((a, b) => a - b);
    const told = grants.map(
      ({ service, actions }) => `${shown(service.slice(0, 64)).slice(1, -1)} (${listed(actions)})`,
    );
    const writes = grants.some(({ actions }) => actions.some((action) => !isReading(action)));
    return failed(
      `For whoever tells them to, services may act on the bucket: ${told.slice(0, 8).join('; ')}.`,
      {
        command: changed(facts.bucket, {
          read: 'get-bucket-policy --query Policy --output text',
          filter: `'.Statement |= ([.] | flatten | to_entries | map(if .key | IN(${open.join(', ')}) then .value | .Condition.StringEquals["aws:SourceAccount"] = "${facts.options.bucketOwner ?? 'ACCOUNT'}" else .value end))'`,
          write: 'put-bucket-policy --policy',
          file: 'policy',
        }),
        terraform: `# In ${open.length === 1 ? 'statement' : 'the statements'} ${open.map((index) => index + 1).join(', ')} of the policy:
Condition = { StringEquals = { "aws:SourceAccount" = "${facts.options.bucketOwner ?? 'ACCOUNT'}" } }`,
      },
      {
        facts: JSON.stringify([grants, open.map((index) => policy.statements[index])]),
        severity: writes ? { plain: 'medium', sealed: 'medium' } : undefined,
      },
    );
  },
};

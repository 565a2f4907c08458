import { failed, passed, type Result, type S3Check } from '../check.js';
import type { Facts } from '../facts.js';
import { changed } from '../mends.js';
import { type PublicGrant, publicGrants, READING } from '../policy/public.js';
import { blockMend, isOn } from './block-public-access.js';

export const policyPublic: S3Check = {
  id: 's3/policy-public',
  title: 'The policy grants nothing to everybody',
  why: 'What is granted to “*” without a condition that a stranger cannot fulfil is granted to the whole world.',
  whenSealed:
    'Who reads gets ciphertext, names and sizes. Who writes can still delete models, or put an old one in the place of a new.',
  severity: { plain: 'critical', sealed: 'medium' },
  async look(facts) {
    const policy = await facts.policy();
    if (policy === undefined) return passed('The bucket has no policy, and so none that grants anything.');
    const grants = publicGrants(policy, await facts.arn());
    return grants.length === 0 ? passed('The policy grants nothing to strangers.') : isPublic(facts, grants);
  },
};

async function isPublic(facts: Facts, grants: readonly PublicGrant[]): Promise<Result> {
  const anonymous = grants.filter((one) => one.anonymous);
  const worst = anonymous.length > 0 ? anonymous : grants;
  const { key, sid } = worst[0]!;
  const actions = worst.map(({ action }) => action).join(', ');
  const who = anonymous.length > 0 ? 'somebody without credentials' : 'an identity of any account';
  const where = key === undefined ? 'of the bucket' : `as for the key ${JSON.stringify(key)}`;
  const by = sid === undefined ? '' : `, by the statement ${JSON.stringify(sid.slice(0, 64))}`;
  const evidence = `The policy grants ${actions} to ${who}, ${where}${by}`;
  if (await isOn(facts, 'RestrictPublicBuckets'))
    return failed(`${evidence}; only the block of public access holds it back.`, narrowing(facts), {
      severity: { plain: 'low', sealed: 'low' },
    });
  const writes = grants.some(({ action }) => !READING.includes(action));
  return failed(`${evidence}.`, blockMend(facts), {
    severity: writes ? { plain: 'critical', sealed: 'critical' } : undefined,
  });
}

function narrowing({ bucket }: Facts) {
  return {
    command: changed(bucket, {
      read: 'get-bucket-policy --query Policy --output text',
      filter: `'.Statement |= ([.] | flatten | map(if .Effect == "Allow" and (.Principal == "*" or .Principal == {AWS: "*"}) then .Principal = {AWS: "arn:aws:iam::ACCOUNT:role/ROLE"} else . end))'`,
      write: 'put-bucket-policy --policy',
      file: 'policy',
    }),
    terraform: `# In the statement that is told: the accounts or roles in the place of "*".
Principal = { AWS = ["arn:aws:iam::ACCOUNT:role/ROLE"] }`,
  };
}

import { shown } from '@weightseal/core';
import { failed, passed, type Result, type S3Check } from '../check.js';
import type { Facts } from '../facts.js';
import { changed } from '../mends.js';
import { isReading } from '../policy/actions.js';
import type { Policy } from '../policy/document.js';
import { type PublicGrant, publicGrants } from '../policy/public.js';
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
    return grants.length === 0
      ? passed('The policy grants nothing to strangers.')
      : isPublic(facts, policy, grants);
  },
};

async function isPublic(
  facts: Facts,
  { statements }: Policy,
  grants: readonly PublicGrant[],
): Promise<Result> {
  const anonymous = grants.filter((one) => one.anonymous);
  const worst = anonymous.length > 0 ? anonymous : grants;
  const { key, sid } = worst[0]!;
  const actions = listed([...new Set(worst.map(({ action }) => action))]);
  const who = anonymous.length > 0 ? 'somebody without credentials' : 'an identity of any account';
  const where = key === undefined ? 'of the bucket' : `as for the key ${shown(key)}`;
  const by = sid === undefined ? '' : `, by the statement ${shown(sid.slice(0, 64))}`;
  // All of it, and by which words: whoever accepts one grant has not accepted another.
  const open = [...new Set(grants.flatMap((one) => one.statements))].toSorted((a, b) => a - b);
  const told = {
    facts: JSON.stringify([
      grants.map((one) => [one.action, one.anonymous, one.key]),
      open.map((index) => statements[index]),
    ]),
  };
  const evidence = `The policy grants ${actions} to ${who}, ${where}${by}`;
  if (await isOn(facts, 'RestrictPublicBuckets'))
    return failed(`${evidence}; only the block of public access holds it back.`, narrowing(facts, grants), {
      ...told,
      severity: { plain: 'low', sealed: 'low' },
    });
  const writes = grants.some(({ action }) => !isReading(action));
  return failed(`${evidence}.`, blockMend(facts), {
    ...told,
    severity: writes ? { plain: 'critical', sealed: 'critical' } : undefined,
  });
}

const SHOWN = 8;

/** The policy's own names are somebody else's words. */
export function listed(actions: readonly string[]): string {
  const names = actions.slice(0, SHOWN).map((one) => shown(one.slice(0, 64)).slice(1, -1));
  const more = actions.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}

/** Only of statements that let strangers in: one that is narrowed stays as it is. */
function narrowing({ bucket }: Facts, grants: readonly PublicGrant[]) {
  const open = [...new Set(grants.flatMap(({ statements }) => statements))].toSorted((a, b) => a - b);
  return {
    command: changed(bucket, {
      read: 'get-bucket-policy --query Policy --output text',
      filter: `'.Statement |= ([.] | flatten | to_entries | map(if .key | IN(${open.join(', ')}) then .value | del(.NotPrincipal) | .Principal = {AWS: "arn:aws:iam::ACCOUNT:role/ROLE"} else .value end))'`,
      write: 'put-bucket-policy --policy',
      file: 'policy',
    }),
    terraform: `# In ${open.length === 1 ? 'statement' : 'the statements'} ${open.map((index) => index + 1).join(', ')} of the policy: the accounts or roles in the place of "*".
Principal = { AWS = ["arn:aws:iam::ACCOUNT:role/ROLE"] }`,
  };
}

import { shown } from '@weightseal/core';
import { failed, passed, type Result, type S3Check } from '../check.js';
import type { Facts } from '../facts.js';
import { Unread } from '../failures.js';
import { isReading } from '../policy/actions.js';
import type { Named, Policy, Statement } from '../policy/document.js';
import { accountOf } from '../policy/principal.js';

const SHOWN = 8;

export const policyAccounts: S3Check = {
  id: 's3/policy-accounts',
  title: 'The policy lets no other account in',
  why: 'Whom another account lets use what is granted here, it decides by itself.',
  whenSealed:
    'Who reads gets ciphertext. Who writes can still delete models, or put an old one in the place of a new.',
  severity: { plain: 'info', sealed: 'info' },
  async look(facts) {
    const policy = await facts.policy();
    if (policy === undefined) return passed('The bucket has no policy, and so none that names an account.');
    const named = policy.statements.filter(({ effect }) => effect === 'Allow').flatMap(namedIn);
    if (named.length === 0) return passed('The policy names nobody whom it lets in.');
    const { bucketOwner } = facts.options;
    if (bucketOwner === undefined)
      throw new Unread('Which account is the own one is not known; `bucketOwner` tells it.');
    const others = named.filter(({ one }) => accountOf(one.id) !== bucketOwner);
    return others.length === 0 ? passed('It names none but its own account.') : told(facts, policy, others);
  },
};

interface NamedIn {
  readonly one: Named;
  readonly statement: Statement;
}

/** Services are a check of their own. */
function namedIn(statement: Statement): NamedIn[] {
  const { not, named } = statement.who;
  return not ? [] : named.filter(({ kind }) => kind !== 'Service').map((one) => ({ one, statement }));
}

function told({ bucket }: Facts, { statements }: Policy, others: readonly NamedIn[]): Result {
  const byWhom = Map.groupBy(others, ({ one }) => accountOf(one.id) ?? one.id);
  const lines = [...byWhom].map(([who, grants]) => {
    const actions = new Set(grants.flatMap(({ statement }) => wordsOf(statement)));
    return `${printed(who)} (${[...actions].slice(0, SHOWN).map(printed).join(', ')}${actions.size > SHOWN ? ', …' : ''})`;
  });
  const involved = [...new Set(others.map(({ statement }) => statement))];
  const writes = involved.some(
    ({ actions: { not, patterns } }) => not || patterns.some((action) => !isReading(action)),
  );
  const more = lines.length > SHOWN ? `; and ${lines.length - SHOWN} more` : '';
  const numbers = involved.map((one) => statements.indexOf(one) + 1).join(', ');
  return failed(
    `By the policy's Allows others may act on the bucket, as far as its Denys and their own accounts let them: ${lines.slice(0, SHOWN).join('; ')}${more}.`,
    {
      command: `aws s3api get-bucket-policy --bucket ${bucket} --query Policy --output text # statements ${numbers}: is each of them meant?`,
      terraform: `# Statements ${numbers} of the policy: take out whom you do not mean, or accept this in a baseline.`,
    },
    {
      facts: JSON.stringify(involved),
      severity: writes ? { plain: 'medium', sealed: 'medium' } : undefined,
    },
  );
}

function wordsOf({ actions: { not, patterns } }: Statement): string[] {
  return not ? [`all but ${patterns.join(', ')}`] : [...patterns];
}

/** The policy's own words are somebody else's. */
function printed(text: string): string {
  return shown(text.slice(0, 200)).slice(1, -1);
}

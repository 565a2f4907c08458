import { ACTIONS, type Action, allowedBeyond, isReading } from './actions.js';
import type { Policy } from './document.js';
import { Judging, type Ready } from './judging.js';
import { isMeant } from './principal.js';
import { has } from './refused.js';
import { applies, type BucketArn, denials } from './request.js';
import { someKey } from './some-key.js';
import { STRANGERS, type Stranger } from './strangers.js';

export interface PublicGrant {
  readonly action: string;
  /** With credentials of just any account, or with none. */
  readonly anonymous: boolean;
  /** One that it is granted for; undefined for the bucket itself. */
  readonly key: string | undefined;
  /** The first statement that does. */
  readonly sid: string | undefined;
  /** Which of the statements do. */
  readonly statements: readonly number[];
}

/**
 * What a policy grants to people whom nobody knows, writing before reading. A condition that they may fulfil is as none, and only what is surely denied is.
 *
 * @throws STORE_UNSUPPORTED for a policy that is too involved
 */
export function publicGrants(policy: Policy, bucket: BucketArn): readonly PublicGrant[] {
  const judging = Judging.of(policy, bucket);
  const strangers = judging.apart(STRANGERS, ({ caller, context }) => [
    caller.kind === 'anonymous',
    ...judging.statements.flatMap((one) => [isMeant(caller, one.statement.who), judging.holds(one, context)]),
  ]);
  const actions = [...ACTIONS, ...allowedBeyond(policy)];
  return [
    ...actions.filter(([name]) => !isReading(name)),
    ...actions.filter(([name]) => isReading(name)),
  ].flatMap((action) => grantOf(judging, strangers, action) ?? []);
}

function grantOf(
  judging: Judging,
  strangers: readonly Stranger[],
  [action, ofObject]: Action,
): PublicGrant | undefined {
  // Those without credentials come first.
  const all = strangers.flatMap((stranger) =>
    granting(judging, stranger, action, ofObject).map((found) => ({ ...found, stranger })),
  );
  const [first] = all;
  if (first === undefined) return undefined;
  const { one, key, stranger } = first;
  return {
    action,
    anonymous: stranger.caller.kind === 'anonymous',
    key,
    sid: one.statement.sid,
    statements: [...new Set(all.map((found) => found.one.index))].toSorted((a, b) => a - b),
  };
}

interface Granting {
  readonly one: Ready;
  readonly key: string | undefined;
}

/** Which statements let them do it, and with which key. */
export function granting(
  judging: Judging,
  { caller, context }: Stranger,
  action: string,
  ofObject: boolean,
): readonly Granting[] {
  const { bucket } = judging;
  const allowing = judging.statements.filter(
    (one) => one.statement.effect === 'Allow' && applies(judging, one, caller, { action, context }) !== false,
  );
  if (allowing.length === 0) return [];
  const denied = denials(judging, caller, { action, ofObject, context });
  const names = denied.map(({ certain }) => certain);
  return allowing.flatMap((one): readonly Granting[] => {
    const { possible, index } = one;
    if (!ofObject)
      return has(possible, bucket) && !names.some((each) => has(each, bucket))
        ? [{ one, key: undefined }]
        : [];
    const key = judging.once(`left of ${index} by ${denied.map((each) => each.index).join()}`, () =>
      someKey(
        `${bucket}/`,
        [possible, ...names],
        ([isAllowed = false, ...others]) => isAllowed && !others.includes(true),
        judging.spend,
      ),
    );
    return key === undefined ? [] : [{ one, key }];
  });
}

import { ACTIONS, allowedBeyond } from './actions.js';
import type { Policy } from './document.js';
import { Judging } from './judging.js';
import { granting } from './public.js';
import type { BucketArn } from './request.js';
import { SERVICE } from './strangers.js';

export interface ServiceGrant {
  /** `logging.s3.amazonaws.com` */
  readonly service: string;
  readonly actions: readonly string[];
  readonly statements: readonly number[];
}

/**
 * What services that a policy names may do for accounts that nobody knows.
 *
 * @throws STORE_UNSUPPORTED for a policy that is too involved
 */
export function serviceGrants(policy: Policy, bucket: BucketArn): readonly ServiceGrant[] {
  const judging = Judging.of(policy, bucket);
  const named = policy.statements
    .filter(({ effect }) => effect === 'Allow')
    .flatMap(({ who }) => (who.not ? [] : who.named.filter(({ kind }) => kind === 'Service')));
  const services = [...new Map(named.map((one) => [one.id, one])).values()];
  return services.flatMap((service): ServiceGrant[] => {
    const stranger = { caller: { kind: 'named', named: service }, context: SERVICE } as const;
    const granted = [...ACTIONS, ...allowedBeyond(policy)].flatMap(([action, ofObject]) =>
      granting(judging, stranger, action, ofObject)
        // What is for everybody is told as that.
        .filter(({ one }) => !one.statement.who.everyone && !one.statement.who.not)
        .map(({ one }) => ({ action, index: one.index })),
    );
    if (granted.length === 0) return [];
    const actions = [...new Set(granted.map(({ action }) => action))];
    const statements = [...new Set(granted.map(({ index }) => index))].toSorted((a, b) => a - b);
    return [{ service: service.id, actions, statements }];
  });
}

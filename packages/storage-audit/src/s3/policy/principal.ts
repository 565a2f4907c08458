import type { Named, Policy, Who } from './document.js';

/** Somebody who asks. */
export type Caller =
  | { readonly kind: 'anonymous' }
  /** An identity that the policy does not name. */
  | { readonly kind: 'other' }
  | { readonly kind: 'named'; readonly named: Named };

export const ANONYMOUS: Caller = { kind: 'anonymous' };
export const OTHER: Caller = { kind: 'other' };

/**
 * All that a policy tells apart: everybody it names, and the others. Services of AWS are none of them: what they do for somebody, and how, is theirs to protect.
 */
export function callersOf({ statements }: Policy): readonly Caller[] {
  const named = new Map(
    statements
      .flatMap(({ who }) => who.named)
      .filter(({ kind }) => kind !== 'Service')
      .map((one) => [`${one.kind} ${one.id}`, one] as const),
  );
  return [OTHER, ANONYMOUS, ...[...named.values()].map((one): Caller => ({ kind: 'named', named: one }))];
}

export function isMeant(caller: Caller, { not, everyone, named }: Who): boolean {
  const found = everyone || (caller.kind === 'named' && named.some((one) => includes(one, caller.named)));
  return found !== not;
}

/** An account, by its number or as its root, is everybody in it. */
function includes(meant: Named, caller: Named): boolean {
  if (meant.kind !== caller.kind) return false;
  if (meant.id === caller.id) return true;
  const account = wholeAccount(meant.id);
  return meant.kind === 'AWS' && account !== undefined && account === accountOf(caller.id);
}

function wholeAccount(id: string): string | undefined {
  return /^(\d{12})$/.exec(id)?.[1] ?? /^arn:[a-z-]+:iam::(\d{12}):root$/.exec(id)?.[1];
}

function accountOf(id: string): string | undefined {
  return /^(\d{12})$/.exec(id)?.[1] ?? /^arn:[a-z-]+:(?:iam|sts)::(\d{12}):/.exec(id)?.[1];
}

export function nameOf(caller: Caller): string {
  if (caller.kind === 'anonymous') return 'somebody without credentials';
  return caller.kind === 'other' ? 'any identity' : caller.named.id.slice(0, 200);
}

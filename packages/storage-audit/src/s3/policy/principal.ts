import { shown } from '@weightseal/core';
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

export function isMeant(caller: Caller, who: Who): boolean {
  const found = who.everyone || (caller.kind === 'named' && includes(meantBy(who), caller.named));
  return found !== who.not;
}

interface Meant {
  readonly names: ReadonlySet<string>;
  readonly accounts: ReadonlySet<string>;
}

/** A policy may name thousands, and each of them is looked for. */
const meant = new WeakMap<Who, Meant>();

function meantBy(who: Who): Meant {
  const known = meant.get(who);
  if (known !== undefined) return known;
  const accounts = who.named.flatMap(({ kind, id }) => (kind === 'AWS' ? (wholeAccount(id) ?? []) : []));
  const made = {
    names: new Set(who.named.map(({ kind, id }) => `${kind} ${id}`)),
    accounts: new Set(accounts),
  };
  meant.set(who, made);
  return made;
}

/** An account, by its number or as its root, is everybody in it. */
function includes({ names, accounts }: Meant, { kind, id }: Named): boolean {
  if (names.has(`${kind} ${id}`)) return true;
  return kind === 'AWS' && accounts.has(accountOf(id) ?? '');
}

function wholeAccount(id: string): string | undefined {
  return /^(\d{12})$/.exec(id)?.[1] ?? /^arn:[a-z-]+:iam::(\d{12}):root$/.exec(id)?.[1];
}

/** Undefined for what is of no account: an identity provider, a canonical user. */
export function accountOf(id: string): string | undefined {
  return /^(\d{12})$/.exec(id)?.[1] ?? /^arn:[a-z-]+:(?:iam|sts)::(\d{12}):/.exec(id)?.[1];
}

export function nameOf(caller: Caller): string {
  if (caller.kind === 'anonymous') return 'somebody without credentials';
  return caller.kind === 'other' ? 'any identity' : shown(caller.named.id.slice(0, 200)).slice(1, -1);
}

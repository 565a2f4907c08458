import { Chosen, tokensFor } from './chosen.js';
import type { Condition } from './document.js';
import { anywhereIn, OPERATORS } from './operators.js';
import { any, every, not, type Truth } from './truth.js';

/** The request has no such key. */
export const ABSENT: unique symbol = Symbol('absent');
/** The address of somebody who may be anywhere. */
export const ANYWHERE: unique symbol = Symbol('anywhere');

export type Known = readonly string[] | Chosen | typeof ABSENT | typeof ANYWHERE;

/** What is said of a request, by keys in lower case. A key that is not here may have any value, and may be absent. */
export type Context = Readonly<Record<string, Known>>;

/**
 * Whether a condition holds. One that nobody knows cannot be told: neither does it protect, nor does it keep anybody out.
 *
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
 */
export function holds({ operator, key, values }: Condition, context: Context): Truth {
  const known = Object.hasOwn(context, key) ? context[key] : undefined;
  if (known === undefined || values.length === 0) return undefined;
  if (operator === 'Null') return any(values.map((value) => isNull(value, known)));
  const [, set, name = '', ifExists] =
    /^(?:(ForAnyValue|ForAllValues):)?([A-Za-z]+?)(IfExists)?$/.exec(operator) ?? [];
  if (known === ANYWHERE) return ofAddress(name, values);
  const one = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  if (one === undefined) return undefined;
  const { fits, negated } = one;
  if (known === ABSENT) return ifExists !== undefined || absence(set, negated);
  if (known instanceof Chosen) {
    const possible = any(values.map((policy) => canBe(known, name, policy)));
    return negated ? not(possible) : possible;
  }
  const told = known.map((value) => {
    const fitting = any(values.map((policy) => fits(policy, value)));
    return negated ? not(fitting) : fitting;
  });
  return set === 'ForAllValues' || (set === undefined && negated) ? every(told) : any(told);
}

/** What is not there is unlike everything. Of no values all are anything, and none is something. */
function absence(set: string | undefined, negated: boolean): boolean {
  return set === undefined ? negated : set === 'ForAllValues';
}

/** Numbers, truth and addresses are never what is chosen here. */
function canBe(chosen: Chosen, operator: string, value: string): Truth {
  const tokens = /^(?:String|Arn)/.test(operator) ? tokensFor(operator, value) : undefined;
  return tokens === undefined ? undefined : chosen.canBe(tokens);
}

function isNull(value: string, known: Known): Truth {
  const wanted = value.toLowerCase();
  if (wanted !== 'true' && wanted !== 'false') return undefined;
  return (known === ABSENT) === (wanted === 'true');
}

function ofAddress(name: string, values: readonly string[]): Truth {
  if (name === 'IpAddress') return anywhereIn(values);
  return name === 'NotIpAddress' ? not(anywhereIn(values)) : undefined;
}

export function allHold(conditions: readonly Condition[], context: Context): Truth {
  return every(conditions.map((one) => holds(one, context)));
}

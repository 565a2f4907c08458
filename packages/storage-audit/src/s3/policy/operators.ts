import { literalOf, matches, patternOf } from './pattern.js';
import { any, type Truth } from './truth.js';

export interface Operator {
  /** Whether one value of the policy fits one of the request. */
  readonly fits: (policy: string, request: string) => Truth;
  /** `…Not…`: none of the policy's values may fit, and it also holds for what is not there. */
  readonly negated: boolean;
}

const equals = (policy: string, request: string): Truth => {
  const literal = literalOf(policy);
  return literal === undefined ? undefined : literal === request;
};
const equalsInAnyCase = (policy: string, request: string): Truth =>
  equals(policy.toLowerCase(), request.toLowerCase());
const like = (policy: string, request: string): Truth => {
  const pattern = patternOf(policy);
  return pattern.known ? matches(pattern, request) : undefined;
};

/** Part by part: a wildcard never reaches beyond a colon, but in the last of the six parts. */
const likeArn = (policy: string, request: string): Truth => {
  const [wanted, given] = [arnParts(policy), arnParts(request)];
  // Of a pattern that has fewer parts, as `*` does, it is not promised what it is like.
  if (patternOf(policy).known === false || wanted === undefined) return undefined;
  if (given === undefined) return false;
  return wanted.every((part, index) => matches(patternOf(part), given[index]!));
};

function arnParts(text: string): readonly string[] | undefined {
  const parts = text.split(':');
  return parts.length < 6 ? undefined : [...parts.slice(0, 5), parts.slice(5).join(':')];
}

const same = (policy: string, request: string): Truth => {
  const wanted = policy.toLowerCase();
  // What is neither is no value of a Bool; what S3 makes of it is not promised.
  return wanted === 'true' || wanted === 'false' ? wanted === request.toLowerCase() : undefined;
};

const number =
  (holds: (request: number, policy: number) => boolean) =>
  (policy: string, request: string): Truth => {
    const [wanted, given] = [numberOf(policy), numberOf(request)];
    if (wanted === undefined) return undefined;
    return given === undefined ? false : holds(given, wanted);
  };

function numberOf(text: string): number | undefined {
  return /^[+-]?\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
}

const untold = (): Truth => undefined;

const plain = (fits: Operator['fits']): Operator => ({ fits, negated: false });
const negated = (fits: Operator['fits']): Operator => ({ fits, negated: true });

/**
 * IAM's operators. Dates, addresses and binary values are never told of a request here, but that there are none may be. By
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: plain(equals),
  StringNotEquals: negated(equals),
  StringEqualsIgnoreCase: plain(equalsInAnyCase),
  StringNotEqualsIgnoreCase: negated(equalsInAnyCase),
  StringLike: plain(like),
  StringNotLike: negated(like),
  ArnEquals: plain(likeArn),
  ArnLike: plain(likeArn),
  ArnNotEquals: negated(likeArn),
  ArnNotLike: negated(likeArn),
  IpAddress: plain(untold),
  NotIpAddress: negated(untold),
  BinaryEquals: plain(untold),
  ...Object.fromEntries(
    ['Equals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'].map((how) => [
      `Date${how}`,
      plain(untold),
    ]),
  ),
  DateNotEquals: negated(untold),
  Bool: plain(same),
  NumericEquals: plain(number((request, policy) => request === policy)),
  NumericNotEquals: negated(number((request, policy) => request === policy)),
  NumericLessThan: plain(number((request, policy) => request < policy)),
  NumericLessThanEquals: plain(number((request, policy) => request <= policy)),
  NumericGreaterThan: plain(number((request, policy) => request > policy)),
  NumericGreaterThanEquals: plain(number((request, policy) => request >= policy)),
};

/** The widest that S3 itself does not call public, which reads "narrower than /8", and "than /32" of IPv6. */
const NARROW_BITS = { v4: 8, v6: 32 } as const;

/** Whether somebody anywhere in the world may have one of these addresses: surely not, where all of them are narrow. */
export function anywhereIn(ranges: readonly string[]): Truth {
  return any(
    ranges.map((range) => {
      const [, address = '', bits] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(range) ?? [];
      if (address === '') return undefined;
      const least = address.includes(':') ? NARROW_BITS.v6 : NARROW_BITS.v4;
      return bits === undefined || Number(bits) >= least ? false : undefined;
    }),
  );
}

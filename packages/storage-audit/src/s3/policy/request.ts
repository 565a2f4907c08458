import { allHold, type Context } from './condition.js';
import type { Policy, Statement, Which } from './document.js';
import { matches, patternOf } from './pattern.js';
import { type Caller, isMeant } from './principal.js';
import { certainly, type Names } from './some-key.js';
import type { Truth } from './truth.js';

/** A request that somebody could make. */
export interface Request {
  /** `s3:PutObject` */
  readonly action: string;
  /** Whether it is about an object, and not about the bucket itself. */
  readonly ofObject: boolean;
  readonly context: Context;
}

/** `arn:aws:s3:::bucket` */
export type BucketArn = string;

export function isAction({ not, patterns }: Which, action: string): boolean {
  const lower = action.toLowerCase();
  return patterns.some((pattern) => matches(patternOf(pattern.toLowerCase()), lower)) !== not;
}

/** Whether a statement is about a request, but for what it is about. */
export function applies(
  { who, actions, conditions }: Statement,
  caller: Caller,
  { action, context }: Request,
): Truth {
  if (!isAction(actions, action) || !isMeant(caller, who)) return false;
  return allHold(conditions, context);
}

/** What is surely denied to a caller: what no statement leaves to conditions that were not said. */
export function deniedNames({ statements }: Policy, caller: Caller, request: Request): readonly Names[] {
  return statements
    .filter((one) => one.effect === 'Deny' && applies(one, caller, request) === true)
    .map(({ resources }) => certainly(resources));
}

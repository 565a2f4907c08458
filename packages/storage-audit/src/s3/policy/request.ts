import type { Context } from './condition.js';
import type { Which } from './document.js';
import type { Judging, Ready } from './judging.js';
import { matches, patternOf } from './pattern.js';
import { type Caller, isMeant } from './principal.js';
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
  judging: Judging,
  one: Ready,
  caller: Caller,
  { action, context }: Pick<Request, 'action' | 'context'>,
): Truth {
  if (!judging.isAction(one, action) || !isMeant(caller, one.statement.who)) return false;
  return judging.holds(one, context);
}

/** What surely denies it to a caller, and leaves nothing to conditions that were not said. */
export function denials(judging: Judging, caller: Caller, request: Request): readonly Ready[] {
  return judging.denying.filter((one) => applies(judging, one, caller, request) === true);
}

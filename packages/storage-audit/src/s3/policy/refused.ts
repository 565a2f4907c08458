import { ABSENT } from './condition.js';
import type { Policy } from './document.js';
import { ends, start, step, type Token } from './pattern.js';
import { type Caller, callersOf, nameOf } from './principal.js';
import { applies, type BucketArn, deniedNames, type Request } from './request.js';
import { type Names, possibly, someKey } from './some-key.js';

export interface Refusal {
  /** `always`: whoever asks, and for whatever key. `partly`: there are such as are refused, or may be. */
  readonly extent: 'always' | 'partly' | 'never';
  /** Who gets through, with which key: the end of a sentence. */
  readonly through?: string | undefined;
}

/**
 * Whether a policy refuses a request by an explicit Deny, which nothing that anybody is allowed elsewhere can outweigh. Nothing counts that depends on what was not said of
 * the request.
 *
 * @throws STORE_UNSUPPORTED for patterns that are too intricate
 */
export function refusal(policy: Policy, bucket: BucketArn, request: Request): Refusal {
  const through = callersOf(policy)
    .map((caller) => getsThrough(policy, bucket, caller, by(caller, request)))
    .find((one) => one !== undefined);
  if (through === undefined) return { extent: 'always' };
  return { extent: isEverRefused(policy, bucket, request) ? 'partly' : 'never', through };
}

function getsThrough(
  policy: Policy,
  bucket: BucketArn,
  caller: Caller,
  request: Request,
): string | undefined {
  const denied = deniedNames(policy, caller, request);
  if (!request.ofObject) return denied.some((one) => has(one, bucket)) ? undefined : nameOf(caller);
  const key = someKey(`${bucket}/`, denied, (found) => !found.includes(true));
  if (key === undefined) return undefined;
  return denied.length === 0 ? nameOf(caller) : `${nameOf(caller)}, with the key ${JSON.stringify(key)}`;
}

/** What is told of signed requests only, is not there in others: a Bool of it leaves those alone. */
function by({ kind }: Caller, request: Request): Request {
  if (kind !== 'anonymous') return request;
  return { ...request, context: { ...request.context, 'aws:principalisawsservice': ABSENT } };
}

/** For somebody, for some key, under some conditions. */
function isEverRefused(policy: Policy, bucket: BucketArn, request: Request): boolean {
  const denying = policy.statements.filter(({ effect }) => effect === 'Deny');
  return callersOf(policy).some((caller) => {
    const names = denying
      .filter((one) => applies(one, caller, by(caller, request)) !== false)
      .map(({ resources }) => possibly(resources));
    return reaches(names, bucket, request);
  });
}

export function reaches(names: readonly Names[], bucket: BucketArn, { ofObject }: Request): boolean {
  if (!ofObject) return names.some((one) => has(one, bucket));
  return someKey(`${bucket}/`, names, (found) => found.includes(true)) !== undefined;
}

export function has({ not, patterns }: Names, name: string): boolean {
  return patterns.some((tokens) => reads(tokens, name)) !== not;
}

function reads(tokens: readonly Token[], name: string): boolean {
  let at = start(tokens);
  for (const character of name) at = step(tokens, at, character);
  return ends(tokens, at);
}

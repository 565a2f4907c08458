import { shown } from '@weightseal/core';
import { ABSENT, type Context } from './condition.js';
import type { Policy } from './document.js';
import { Judging } from './judging.js';
import { ends, start, step, type Token } from './pattern.js';
import { type Caller, nameOf } from './principal.js';
import { applies, type BucketArn, denials, type Request } from './request.js';
import { type Names, someKey } from './some-key.js';

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
 * @throws STORE_UNSUPPORTED for a policy that is too involved
 */
export function refusal(policy: Policy, bucket: BucketArn, request: Request): Refusal {
  const judging = Judging.of(policy, bucket);
  for (const caller of judging.callers()) {
    const through = getsThrough(judging, caller, by(caller, request));
    if (through !== undefined)
      return { extent: isEverRefused(judging, request) ? 'partly' : 'never', through };
  }
  return { extent: 'always' };
}

function getsThrough(judging: Judging, caller: Caller, request: Request): string | undefined {
  const denied = denials(judging, caller, request);
  const names = denied.map(({ certain }) => certain);
  const { bucket } = judging;
  if (!request.ofObject) return names.some((one) => has(one, bucket)) ? undefined : nameOf(caller);
  const key = judging.once(`left by ${denied.map(({ index }) => index).join()}`, () =>
    someKey(`${bucket}/`, names, (found) => !found.includes(true), judging.spend),
  );
  if (key === undefined) return undefined;
  return denied.length === 0 ? nameOf(caller) : `${nameOf(caller)}, with the key ${shown(key)}`;
}

const unsigned = new WeakMap<Context, Context>();

/** What is told of signed requests only, is not there in others: a Bool of it leaves those alone. */
function by({ kind }: Caller, request: Request): Request {
  if (kind !== 'anonymous') return request;
  const context = unsigned.get(request.context) ?? {
    ...request.context,
    'aws:principalisawsservice': ABSENT,
  };
  unsigned.set(request.context, context);
  return { ...request, context };
}

/** For somebody, for some key, under some conditions. */
function isEverRefused(judging: Judging, request: Request): boolean {
  const { bucket } = judging;
  return judging.callers().some((caller) => {
    const denying = judging.denying.filter(
      (one) => applies(judging, one, caller, by(caller, request)) !== false,
    );
    const names = denying.map(({ possible }) => possible);
    if (!request.ofObject) return names.some((one) => has(one, bucket));
    return judging.once(`reached by ${denying.map(({ index }) => index).join()}`, () => {
      const key = someKey(`${bucket}/`, names, (found) => found.includes(true), judging.spend);
      return key !== undefined;
    });
  });
}

export function has({ not, patterns }: Names, name: string): boolean {
  return patterns.some((tokens) => reads(tokens, name)) !== not;
}

function reads(tokens: readonly Token[], name: string): boolean {
  let at = start(tokens);
  for (const character of name) at = step(tokens, at, character);
  return ends(tokens, at);
}

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Answer, Fault } from './fault.js';
import { assertOutcome, assertSameBytes, CONTEXT, codesOf, sealInto, settled } from './suite-checks.js';
import type { Codes, FaultSubject, VendorFault } from './suite-types.js';

/** How long a call may take. */
export interface Patience {
  readonly deadlineMs: number;
  readonly slackMs: number;
}

/** Both calls and a seal give what they must, in time; and the same wrapper works again afterwards. */
export async function faultCase<A extends Answer>(
  subject: FaultSubject<A>,
  fault: VendorFault<A>['fault'],
  code: Codes,
  { deadlineMs, slackMs }: Patience,
): Promise<void> {
  const { wrapper, proxy } = subject;
  const { dataKey, wrapped, secrets } = await prepare(subject);
  const codes = codesOf(code);
  const onceMs = deadlineMs + slackMs;
  const before = proxy.requests;
  proxy.fault = typeof fault === 'function' ? await fault(subject) : fault;
  await proxy.ready;
  const [wrap, unwrap, seal] = await Promise.all([
    settled(wrapper.wrap(dataKey, CONTEXT), 'wrap', onceMs),
    settled(wrapper.unwrap(wrapped, CONTEXT), 'unwrap', onceMs),
    // To seal is to wrap and to unwrap again.
    sealInto(wrapper, deadlineMs + onceMs),
  ]);
  assertOutcome(wrap, 'wrap', codes.wrap, secrets);
  assertOutcome(unwrap, 'unwrap', codes.unwrap, secrets);
  assertOutcome(seal.outcome, 'seal', codes.seal, secrets);
  assert.deepEqual(seal.left, [], 'a seal that failed left files behind');
  if (proxy.fault.kind !== 'refuse') {
    assert.ok(proxy.requests > before, 'no call went through the proxy: does setup point the wrapper at it?');
  }
  await worksAgain(subject, dataKey, wrapped);
}

/** A few answers are spoilt, then the real ones come: each call survives that. */
export async function burstCase<A extends Answer>(
  subject: FaultSubject<A>,
  answer: A,
  times: number,
  { deadlineMs, slackMs }: Patience,
): Promise<void> {
  const { wrapper, proxy } = subject;
  const { dataKey, wrapped, secrets } = await prepare(subject);
  const calls = [
    ['wrap', () => wrapper.wrap(dataKey, CONTEXT)],
    ['unwrap', () => wrapper.unwrap(wrapped, CONTEXT)],
  ] as const;
  for (const [what, call] of calls) {
    const before = proxy.requests;
    proxy.fault = { kind: 'answer', answer, times };
    assertOutcome(await settled<unknown>(call(), what, deadlineMs + slackMs), what, [], secrets);
    assert.ok(proxy.requests - before > times, `${what} succeeded before the burst was over`);
  }
  await worksAgain(subject, dataKey, wrapped);
}

async function prepare<A extends Answer>(subject: FaultSubject<A>) {
  const dataKey = Uint8Array.from(randomBytes(32));
  const wrapped = await subject.wrapper.wrap(dataKey, CONTEXT);
  assertSameBytes(await subject.wrapper.unwrap(wrapped, CONTEXT), dataKey, 'unwrap before any fault');
  return { dataKey, wrapped, secrets: [dataKey, ...(subject.secrets ?? [])] };
}

async function worksAgain<A extends Answer>(
  { wrapper, proxy }: FaultSubject<A>,
  dataKey: Uint8Array,
  wrapped: Awaited<ReturnType<typeof wrapper.wrap>>,
): Promise<void> {
  proxy.fault = { kind: 'none' } satisfies Fault<A>;
  await proxy.ready;
  assertSameBytes(await wrapper.unwrap(wrapped, CONTEXT), dataKey, 'unwrap after the fault');
  const again = await wrapper.wrap(dataKey, CONTEXT);
  assertSameBytes(await wrapper.unwrap(again, CONTEXT), dataKey, 'wrap and unwrap after the fault');
}

import assert from 'node:assert/strict';
import type { BusyAnswers } from './busy.js';
import type { Answer, Fault } from './fault.js';
import { burstCase, faultCase, type Patience } from './suite-cases.js';
import { codesOf } from './suite-checks.js';
import {
  type Burst,
  type Codes,
  type FaultSubject,
  type FaultSuiteOptions,
  type TestRunner,
  VENDOR_FAULTS,
  type WireFault,
} from './suite-types.js';

/** A case makes at most eight calls one after the other. */
const CALLS = 8;

const wireFaults: Readonly<
  Record<WireFault, { title: string; fault: (busy: BusyAnswers<Answer>) => Fault<Answer>; code: Codes }>
> = {
  refused: {
    title: 'a refused connection',
    fault: () => ({ kind: 'refuse' }),
    code: 'KEY_UNAVAILABLE',
  },
  reset: {
    title: 'a reset in the middle of the answer',
    fault: () => ({ kind: 'reset' }),
    code: 'KEY_UNAVAILABLE',
  },
  stalled: { title: 'an answer after 30 s', fault: () => ({ kind: 'stall' }), code: 'KEY_TIMEOUT' },
  truncated: {
    title: 'an answer whose connection ends early',
    fault: () => ({ kind: 'truncate' }),
    // Whether bytes were lost or an answer is wrong is a matter of view.
    code: ['KEY_UNAVAILABLE', 'KEY_RESPONSE_INVALID'],
  },
  halved: {
    title: 'half an answer that says it is whole',
    fault: () => ({ kind: 'truncate', declare: 'kept' }),
    code: 'KEY_RESPONSE_INVALID',
  },
  garbage: {
    title: 'a garbage body',
    fault: () => ({ kind: 'garbage' }),
    code: 'KEY_RESPONSE_INVALID',
  },
  throttled: {
    title: 'a lasting 429',
    fault: ({ throttled }) => ({ kind: 'answer', answer: throttled }),
    code: 'KEY_THROTTLED',
  },
  unavailable: {
    title: 'a lasting 503',
    fault: ({ unavailable }) => ({ kind: 'answer', answer: unavailable }),
    code: 'KEY_UNAVAILABLE',
  },
};

const bursts: Readonly<Record<Burst, { title: string; answer: keyof BusyAnswers<Answer> }>> = {
  throttledBriefly: { title: 'a short burst of 429 is survived', answer: 'throttled' },
  unavailableBriefly: { title: 'a short burst of 503 is survived', answer: 'unavailable' },
};

/**
 * Registers what a key provider has to do when its server or the way to it fails, one test for each fault. A case that is
 * declared in `without` is registered as skipped, with the reason in its title. What is neither supplied nor declared fails.
 */
export function faultSuite<A extends Answer>(runner: TestRunner, options: FaultSuiteOptions<A>): void {
  const { name, busy, without = {}, instead = {}, vendor = {}, more = {} } = options;
  const { shortDeadlineMs = 5_000, deadlineMs = 10_000, slackMs = 1_500, burst = 2 } = options;
  const patience: Patience = { deadlineMs, slackMs };

  const register = (
    title: string,
    reason: string | undefined,
    run: (subject: FaultSubject<A>) => Promise<void>,
    deadline: number = deadlineMs,
  ) => {
    if (reason !== undefined) return skip(runner, `${title} (skipped: ${reason})`);
    return runner.it(
      title,
      () => withSubject(() => options.setup(deadline), run),
      (deadline + slackMs) * CALLS,
    );
  };

  runner.describe(`${name} withstands faults`, () => {
    for (const [id, { title, fault, code }] of entries(wireFaults)) {
      const other = instead[id];
      const why = other ? ` (${other.reason})` : '';
      const codes = other?.code ?? code;
      const time = id === 'stalled' ? { deadlineMs: shortDeadlineMs, slackMs } : patience;
      // The wire's own faults name no answers but those of `busy`.
      const made = fault(busy) as Fault<A>;
      const run = (subject: FaultSubject<A>) => faultCase(subject, made, codes, time);
      register(`${title}: ${worded(codes)}${why}`, without[id], run, time.deadlineMs);
    }
    for (const [id, { title, answer }] of entries(bursts)) {
      register(title, without[id], (subject) => burstCase(subject, busy[answer], burst, patience));
    }
    for (const [id, title] of entries(VENDOR_FAULTS)) {
      const one = vendor[id];
      const wording = one ? `: ${worded(one.code)}` : '';
      register(`${title}${wording}`, without[id], (subject) => {
        assert.ok(one, `no fault vendor.${id} is supplied; supply it, or give the reason in without.${id}`);
        return faultCase(subject, one.fault, one.code, patience);
      });
    }
    for (const [title, { fault, code }] of Object.entries(more)) {
      register(`${title}: ${worded(code)}`, undefined, (subject) =>
        faultCase(subject, fault, code, patience),
      );
    }
  });
}

function entries<K extends string, V>(record: Readonly<Record<K, V>>): [K, V][] {
  return Object.entries(record) as [K, V][];
}

async function withSubject<A extends Answer>(
  setup: () => Promise<FaultSubject<A>>,
  run: (subject: FaultSubject<A>) => Promise<void>,
): Promise<void> {
  const subject = await setup();
  try {
    await run(subject);
  } finally {
    await (subject.teardown ? subject.teardown() : subject.proxy[Symbol.asyncDispose]());
  }
}

export function skip({ it }: TestRunner, title: string): void {
  const nothing = async () => {};
  if (it.skip) it.skip(title, nothing);
  else it(title, nothing);
}

function worded(codes: Codes): string {
  const { wrap, unwrap, seal } = codesOf(codes);
  if (wrap === unwrap && wrap === seal) return wrap.join(' or ');
  const parts = [
    ['wrap', wrap],
    ['unwrap', unwrap],
    ['seal', seal],
  ] as const;
  return parts
    .filter(([, list]) => list.length > 0)
    .map(([call, list]) => `${list.join(' or ')} (${call})`)
    .join(', ');
}

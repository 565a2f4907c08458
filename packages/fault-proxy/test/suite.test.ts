import {
  awsBusy,
  type Fault,
  type FaultSuiteOptions,
  faultSuite,
  type HttpAnswer,
  httpFaultProxy,
  jsonAnswer,
} from '@weightseal/fault-proxy';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { failed, record } from './support/recorder.js';
import { createSmallKey, type Flaw, TOKEN } from './support/small-key.js';
import { answerFor, type SmallAnswer, type SmallKms, smallKms } from './support/small-kms.js';

// The runs below do little but wait, all for the same.
vi.setConfig({ maxConcurrency: 20 });

let kms: SmallKms;
beforeAll(async () => {
  kms = await smallKms();
});
afterAll(() => kms[Symbol.asyncDispose]());

const AMPLE_MS = 60_000;
/** How long a call may take; the shortest is waited for. */
const TIMES = { shortDeadlineMs: 1_000, deadlineMs: AMPLE_MS, slackMs: 3_000 };

type Of<K> = Extract<Fault<HttpAnswer>, { kind: K }>;

function rewritten(change: (answer: SmallAnswer) => SmallAnswer): Of<'rewrite'> {
  return {
    kind: 'rewrite',
    rewrite: (answer) => jsonAnswer(200, change(JSON.parse(Buffer.from(answer.body).toString()))),
  };
}

const flipped = ({ key, bytes }: SmallAnswer) => {
  const changed = Buffer.from(bytes, 'base64').map((byte, i) => (i === 20 ? byte ^ 1 : byte));
  return answerFor(key, changed);
};

const denied = (what: string): Of<'answer'> => ({ kind: 'answer', answer: jsonAnswer(401, { what }) });

function options(flaw?: Flaw): FaultSuiteOptions<HttpAnswer> {
  return {
    name: flaw ?? 'the sound key',
    busy: awsBusy,
    ...TIMES,
    async setup(deadlineMs) {
      const proxy = await httpFaultProxy({ upstream: kms.url });
      // Short only where it is waited for: the calls before and after the fault have to succeed, on a busy machine too.
      const deadline = () => (proxy.fault.kind === 'none' ? AMPLE_MS : deadlineMs);
      return { wrapper: createSmallKey(proxy.url, deadline, flaw), proxy, secrets: [TOKEN] };
    },
    vendor: {
      wrongChecksum: {
        fault: rewritten((answer) => ({ ...answer, sum: 'no' })),
        code: 'KEY_RESPONSE_INVALID',
      },
      otherKey: {
        fault: rewritten((answer) => ({ ...answer, key: 'k2' })),
        code: 'KEY_RESPONSE_INVALID',
      },
      // A lie with the right checksum: only the seal's second look finds it.
      changedAnswer: { fault: { ...rewritten(flipped), when: ({ path }) => path === '/unwrap' }, code: {} },
      expiredCredentials: { fault: () => denied('expired'), code: 'KEY_DENIED' },
    },
    without: { wrongClock: 'its requests carry no time' },
    more: {
      'a refused unwrap': {
        fault: { ...denied('unwrap'), when: ({ path }) => path === '/unwrap' },
        code: { unwrap: 'KEY_DENIED' },
      },
    },
  };
}

// The positive control, with the real runner: the flaws below are flaws of this very provider.
faultSuite({ describe, it }, options());

const REFUSED = 'a refused connection: KEY_UNAVAILABLE';
const RESET = 'a reset in the middle of the answer: KEY_UNAVAILABLE';
const STALLED = 'an answer after 30 s: KEY_TIMEOUT';
const TRUNCATED = 'an answer whose connection ends early: KEY_UNAVAILABLE or KEY_RESPONSE_INVALID';
const HALVED = 'half an answer that says it is whole: KEY_RESPONSE_INVALID';
const GARBAGE = 'a garbage body: KEY_RESPONSE_INVALID';
const THROTTLED = 'a lasting 429: KEY_THROTTLED';
const UNAVAILABLE = 'a lasting 503: KEY_UNAVAILABLE';
const BURST_429 = 'a short burst of 429 is survived';
const BURST_503 = 'a short burst of 503 is survived';
const CHECKSUM = 'an answer whose checksum is wrong: KEY_RESPONSE_INVALID';
const OTHER_KEY = 'the answer of another key: KEY_RESPONSE_INVALID';
const EXPIRED = 'expired credentials: KEY_DENIED';
const NO_UNWRAP = 'a refused unwrap: KEY_DENIED (unwrap), WRAP_NOT_VERIFIED (seal)';

const answered = [THROTTLED, UNAVAILABLE, EXPIRED, NO_UNWRAP];
const failing = [REFUSED, RESET, STALLED, TRUNCATED, HALVED, GARBAGE, CHECKSUM, OTHER_KEY, ...answered];

const caught: Readonly<Record<Flaw, readonly string[]>> = {
  'ignores its deadline': [STALLED],
  'returns garbage': [HALVED, GARBAGE],
  'ignores the checksum': [CHECKSUM],
  'ignores which key answered': [OTHER_KEY],
  'does not retry': [BURST_429, BURST_503],
  'gives up after a fault': failing,
  'mixes up its codes': answered,
  'throws plain errors': failing,
  'leaks the data key': failing.filter((title) => title !== NO_UNWRAP),
  'leaks its token': failing,
  'pretends to have wrapped': failing.filter((title) => title !== NO_UNWRAP),
};

const run = (flaw: Flaw) => record((runner) => faultSuite(runner, options(flaw)));

describe.concurrent('the suite finds a provider that', () => {
  it.each(Object.entries(caught) as [Flaw, string[]][])('%s', async (flaw, titles) => {
    expect([...failed(await run(flaw))].sort()).toEqual([...titles].sort());
  });
});

describe.concurrent('a case of the vendor', () => {
  const unavailable = async () => {
    throw new Error('not needed');
  };

  it('that is neither supplied nor declared fails, and says so', async () => {
    const { vendor: _, without: __, ...rest } = options();
    const outcomes = await record((runner) => faultSuite(runner, rest));
    const messages = outcomes.filter(({ state }) => state === 'failed').map(({ message }) => message);
    expect(messages).toEqual(
      ['wrongChecksum', 'otherKey', 'changedAnswer', 'expiredCredentials', 'wrongClock'].map(
        (one) => `no fault vendor.${one} is supplied; supply it, or give the reason in without.${one}`,
      ),
    );
  });

  it('or of the wire that is declared is skipped, with its reason in the title', async () => {
    const outcomes = await record((runner) =>
      faultSuite(runner, {
        ...options(),
        setup: unavailable,
        without: { wrongClock: 'it has no clock', throttledBriefly: 'its SDK does not retry' },
      }),
    );
    const skipped = outcomes.filter(({ state }) => state === 'skipped').map(({ title }) => title);
    expect(skipped).toEqual([
      'a short burst of 429 is survived (skipped: its SDK does not retry)',
      'a wrong clock (skipped: it has no clock)',
    ]);
  });

  it('another code than usual stands in the title, with its reason', () => {
    const titles: string[] = [];
    faultSuite(
      { describe: (_, body) => body(), it: (title) => titles.push(title) },
      { ...options(), instead: { reset: { code: 'KEY_TIMEOUT', reason: 'it asks again and again' } } },
    );
    expect(titles).toContain('a reset in the middle of the answer: KEY_TIMEOUT (it asks again and again)');
  });
});

it.concurrent('a wrapper that does not ask through the proxy is found out', async () => {
  const outcomes = await record((runner) =>
    faultSuite(runner, {
      ...options(),
      async setup(deadlineMs) {
        const proxy = await httpFaultProxy({ upstream: kms.url });
        return { wrapper: createSmallKey(kms.url, () => deadlineMs), proxy };
      },
    }),
  );
  const passed = outcomes.filter(({ state }) => state === 'passed').map(({ title }) => title);
  expect(passed).toEqual([]);
});

import { gzipSync } from 'node:zlib';
import type { Fault, SeenRequest } from './fault.js';
import { type HttpAnswer, jsonAnswer } from './http-answer.js';
import type {
  StoreFaultName,
  StoreFaultOptions,
  StoreFaultSubject,
  StoreOutcome,
} from './store-suite-types.js';

/** What a fault is made of. */
export interface FaultMaking {
  readonly subject: StoreFaultSubject;
  readonly answers: NonNullable<StoreFaultOptions['answers']>;
  /** Another host, on which nobody may see credentials. */
  readonly elsewhere: string;
}

export interface StoreFault {
  readonly title: string;
  readonly fault: (making: FaultMaking) => Fault<HttpAnswer>;
  readonly outcome: StoreOutcome;
}

/** Requests that the proxy sees before those of the ranges: the one that opens the object. */
const FIRST = 1;

export const STORE_FAULTS: Readonly<Record<StoreFaultName, StoreFault>> = {
  refused: {
    title: 'a refused connection',
    fault: () => ({ kind: 'refuse' }),
    outcome: ['STORE_UNAVAILABLE'],
  },
  resetOnce: {
    title: 'a reset in the middle of some answers',
    fault: () => ({ kind: 'reset', times: 3 }),
    outcome: ['right'],
  },
  resetAlways: {
    title: 'a reset before the first byte of each answer',
    fault: () => ({ kind: 'reset', afterBytes: 0 }),
    outcome: ['STORE_UNAVAILABLE'],
  },
  stalledOnce: {
    title: 'an answer that does not come, once',
    fault: () => ({ kind: 'stall', times: 1 }),
    outcome: ['right'],
  },
  stalledAlways: {
    title: 'answers that do not come',
    fault: () => ({ kind: 'stall' }),
    outcome: ['STORE_TIMEOUT'],
  },
  hangsOnce: {
    title: 'an answer that stops in the middle, once',
    fault: () => ({ kind: 'hang', times: 1, when: afterFirst() }),
    outcome: ['right'],
  },
  trickles: {
    title: 'answers that come 16 bytes at a time',
    fault: () => ({ kind: 'trickle', when: afterFirst() }),
    outcome: ['STORE_TIMEOUT'],
  },
  cutOnce: {
    title: 'answers whose connection ends early, at first',
    fault: () => ({ kind: 'truncate', times: 3 }),
    outcome: ['right'],
  },
  halved: {
    title: 'half of each answer, with the length of the half',
    fault: () => ({ kind: 'truncate', declare: 'kept' }),
    outcome: ['STORE_RESPONSE_INVALID'],
  },
  garbage: {
    title: 'a body that is nothing',
    fault: () => ({ kind: 'garbage' }),
    outcome: ['STORE_RESPONSE_INVALID'],
  },
  wrongRange: {
    title: 'another range than was asked for',
    fault: () =>
      partial((answer) => header(answer, 'content-range', `bytes 1-${answer.body.length}/${10 ** 6}`)),
    outcome: ['STORE_RESPONSE_INVALID'],
  },
  whole: {
    title: '200 where 206 was asked for',
    fault: () => partial((answer) => ({ ...header(answer, 'content-range', undefined), status: 200 })),
    outcome: ['STORE_RESPONSE_INVALID'],
  },
  staleVersion: {
    title: 'a cache with the ETag of another version, after the first answer',
    fault: () =>
      partial(
        (answer) => header(header(answer, 'etag', '"0123456789abcdef"'), 'x-goog-generation', '1'),
        afterFirst(),
      ),
    outcome: ['INPUT_CHANGED'],
  },
  replaced: {
    title: 'an object that is replaced between two ranges',
    fault: ({ subject }) => ({
      kind: 'rewrite',
      times: 1,
      rewrite: async (answer) => {
        await subject.replace?.();
        return answer;
      },
    }),
    outcome: ['INPUT_CHANGED'],
  },
  storm: {
    title: 'a storm of 503 that passes',
    fault: ({ answers }) => ({ kind: 'answer', answer: answers.unavailable ?? said(503), times: 4 }),
    outcome: ['right'],
  },
  unavailable: {
    title: 'a lasting 503',
    fault: ({ answers }) => ({ kind: 'answer', answer: answers.unavailable ?? said(503) }),
    outcome: ['STORE_THROTTLED', 'STORE_UNAVAILABLE'],
  },
  throttled: {
    title: 'a lasting 429',
    fault: ({ answers }) => ({ kind: 'answer', answer: answers.throttled ?? said(429) }),
    outcome: ['STORE_THROTTLED'],
  },
  expired: {
    title: 'credentials that expire on the way',
    fault: ({ answers }) => ({ kind: 'answer', answer: answers.expired ?? said(401), when: afterFirst() }),
    outcome: ['STORE_DENIED'],
  },
  forbidden: {
    title: 'a permission that is taken away on the way',
    fault: ({ answers }) => ({ kind: 'answer', answer: answers.forbidden ?? said(403), when: afterFirst() }),
    outcome: ['STORE_DENIED'],
  },
  redirected: {
    title: 'a redirect to another host',
    fault: ({ elsewhere }) => ({
      kind: 'answer',
      answer: { status: 307, headers: { location: `${elsewhere}/object` }, body: new Uint8Array() },
    }),
    outcome: [
      'STORE_RESPONSE_INVALID',
      'STORE_UNAVAILABLE',
      'STORE_DENIED',
      'STORE_UNSUPPORTED',
      'INPUT_NOT_FOUND',
    ],
  },
  longer: {
    title: 'a length that is more than what comes',
    fault: () => partial((answer) => ({ ...answer, declaredLength: answer.body.length + 1000 })),
    outcome: ['STORE_RESPONSE_INVALID', 'STORE_TIMEOUT', 'STORE_UNAVAILABLE'],
  },
  shorter: {
    title: 'a length that is less than what comes',
    fault: () => partial((answer) => ({ ...answer, declaredLength: answer.body.length - 1000 })),
    outcome: ['STORE_RESPONSE_INVALID', 'STORE_UNAVAILABLE'],
  },
  gzipped: {
    title: 'gzip from a proxy',
    fault: () =>
      partial((answer) => ({ ...header(answer, 'content-encoding', 'gzip'), body: gzipSync(answer.body) })),
    outcome: ['STORE_RESPONSE_INVALID'],
  },
};

function said(status: number): HttpAnswer {
  return jsonAnswer(status, { error: { code: status } });
}

/** Only what is an answer to a range; the rest is as it is. */
function partial(
  change: (answer: HttpAnswer) => HttpAnswer,
  when?: (request: SeenRequest) => boolean,
): Fault<HttpAnswer> {
  return {
    kind: 'rewrite',
    rewrite: (answer) => (answer.status === 206 ? change(answer) : answer),
    ...(when && { when }),
  };
}

function header(answer: HttpAnswer, name: string, value: string | undefined): HttpAnswer {
  // One that is not there is not made up: another store's.
  if (value !== undefined && name !== 'content-encoding' && !(name in answer.headers)) return answer;
  return { ...answer, headers: { ...answer.headers, [name]: value } };
}

/** Counts for itself: a fault is made anew for each case. */
function afterFirst(): (request: SeenRequest) => boolean {
  let seen = 0;
  return () => ++seen > FIRST;
}

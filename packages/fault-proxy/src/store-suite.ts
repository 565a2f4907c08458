import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isWeightsealError, ObjectSource, type StoreLocation, type StoreTuning } from '@weightseal/core';
import { holdsSecret } from './find-secret.js';
import { STORE_FAULTS, type StoreFault } from './store-faults.js';
import type {
  StoreFaultName,
  StoreFaultOptions,
  StoreFaultSubject,
  StoreOutcome,
} from './store-suite-types.js';
import { skip } from './suite.js';
import { assertSameBytes, settled } from './suite-checks.js';
import type { TestRunner } from './suite-types.js';

/** Short, so that what has to be waited for comes soon; and long beside what a busy machine takes. */
const TUNING: StoreTuning = {
  concurrency: 4,
  requestBytes: 32_768,
  requestTimeoutMs: 1_500,
  deadlineMs: 6_000,
  attempts: 4,
};
/** Where nothing is to be waited for. */
const AMPLE: StoreTuning = { ...TUNING, attempts: 6, requestTimeoutMs: 20_000, deadlineMs: 60_000 };
const WAITED_FOR: readonly StoreFaultName[] = [
  'stalledOnce',
  'stalledAlways',
  'hangsOnce',
  'trickles',
  'longer',
];
/** Of a listing without an end. */
const LISTED = 5_000;

/**
 * Registers what a store, and core's reading of it, have to do when the server or the way to it fails, one test for each fault: each ends with the right bytes, or with one code, within its
 * deadline, and no credential is in any message or on any other host; and the same store works again afterwards.
 */
export function storeFaultSuite(runner: TestRunner, options: StoreFaultOptions): void {
  const { name, without = {}, instead = {}, slackMs = 5_000, hugeListing } = options;
  runner.describe(`${name} withstands faults`, () => {
    for (const [id, fault] of Object.entries(STORE_FAULTS) as [StoreFaultName, StoreFault][]) {
      const other = instead[id];
      const outcome = other?.outcome ?? fault.outcome;
      const why = other ? ` (${other.reason})` : '';
      const reason = without[id];
      if (reason !== undefined) {
        skip(runner, `${fault.title} (skipped: ${reason})`);
        continue;
      }
      const tuning = WAITED_FOR.includes(id) ? TUNING : AMPLE;
      const within = tuning.deadlineMs! + slackMs;
      runner.it(
        `${fault.title}: ${outcome.join(' or ')}${why}`,
        () => withSubject(options, (subject) => faultCase(options, subject, fault, outcome, tuning, within)),
        3 * AMPLE.deadlineMs! + slackMs,
      );
    }
    if (hugeListing !== undefined)
      runner.it('a listing that never ends is no more than what is taken of it', () =>
        withSubject(options, (subject) => listingCase(subject, hugeListing, AMPLE.deadlineMs! + slackMs)),
      );
  });
}

async function faultCase(
  { answers = {} }: StoreFaultOptions,
  subject: StoreFaultSubject,
  { fault }: StoreFault,
  outcome: StoreOutcome,
  tuning: StoreTuning,
  within: number,
): Promise<void> {
  const { proxy, bytes, secrets = [] } = subject;
  assert.ok(bytes.length >= 200_000, 'the object is of 200,000 bytes or more');
  const location = { ...subject.location, tuning };
  assertSameBytes(await read({ ...location, tuning: AMPLE }), bytes, 'a read before any fault');
  const trap = await openTrap();
  try {
    const before = proxy.requests;
    proxy.fault = fault({ subject, answers, elsewhere: trap.url });
    const isReplaced = proxy.fault.kind === 'rewrite' && outcome.includes('INPUT_CHANGED');
    await proxy.ready;
    const ended = await settled(read(location), 'the read', within);
    assertEnd(ended, outcome, bytes, secrets);
    if (proxy.fault.kind !== 'refuse')
      assert.ok(
        proxy.requests > before,
        'no request went through the proxy: does setup point the store at it?',
      );
    for (const secret of secrets)
      assert.ok(!holdsSecret(trap.seen, secret), 'a credential went to another host');
    proxy.fault = { kind: 'none' };
    await proxy.ready;
    const again = await read({ ...location, tuning: AMPLE });
    if (!isReplaced) assertSameBytes(again, bytes, 'a read after the fault');
  } finally {
    await trap[Symbol.asyncDispose]();
  }
}

function assertEnd(
  ended: PromiseSettledResult<Uint8Array>,
  outcome: StoreOutcome,
  bytes: Uint8Array,
  secrets: readonly Uint8Array[],
): void {
  if (ended.status === 'fulfilled') {
    // First of all, whatever was expected: no other bytes may ever come.
    assertSameBytes(ended.value, bytes, 'the read');
    assert.ok(outcome.includes('right'), `the read succeeded, and should have given ${outcome.join(' or ')}`);
    return;
  }
  const error: unknown = ended.reason;
  // What follows could print the error.
  for (const secret of secrets) assert.ok(!holdsSecret(error, secret), 'the error holds a secret');
  assert.ok(isWeightsealError(error), 'the read threw something other than a WeightsealError');
  const { code, message } = error;
  assert.ok(
    outcome.includes(code),
    `the read gave ${code} (${message}), and should have ended ${outcome.join(' or ')}`,
  );
}

/** All of an object, by core's requests: half of it in ranges, several at once, and meanwhile the rest by one request for all of that. */
async function read(location: StoreLocation): Promise<Uint8Array> {
  await using source = await ObjectSource.open(location);
  const { size, requestBytes } = source;
  const out = new Uint8Array(size);
  const pieces = Array.from({ length: Math.ceil(size / requestBytes) }, (_, index) => {
    const from = index * requestBytes;
    return out.subarray(from, Math.min(from + requestBytes, size));
  });
  const half = pieces.splice(pieces.length / 2);
  const stretch = source.stretch(half[0]!.byteOffset, size - half[0]!.byteOffset);
  const inTurn = async () => {
    for (const piece of half) await stretch.readInto(piece);
    await stretch.close();
  };
  await Promise.all([inTurn(), ...pieces.map((range) => source.readInto(range, range.byteOffset))]);
  return out;
}

async function listingCase(
  { location, proxy, secrets = [] }: StoreFaultSubject,
  { prefix, fault }: NonNullable<StoreFaultOptions['hugeListing']>,
  within: number,
): Promise<void> {
  const { store } = location;
  assert.ok(store.list, 'the store can be listed');
  proxy.fault = fault;
  const stop = new AbortController();
  const taking = async () => {
    let taken = 0;
    for await (const _ of store.list!(prefix, { oneLevel: false }, { signal: stop.signal }))
      if (++taken >= LISTED) break;
  };
  const before = proxy.requests;
  const ended = await settled(taking(), 'the listing', within);
  stop.abort();
  if (ended.status === 'fulfilled')
    assert.ok(proxy.requests - before < LISTED, 'far more was asked for than was taken');
  else assertEnd(ended, ['STORE_RESPONSE_INVALID'], new Uint8Array(), secrets);
}

interface Trap extends AsyncDisposable {
  readonly url: string;
  readonly seen: object[];
}

/** A host that only looks at what it is sent. */
async function openTrap(): Promise<Trap> {
  const seen: object[] = [];
  const server = createServer(({ url, rawHeaders }, response) => {
    seen.push({ url, rawHeaders });
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function withSubject(
  { setup }: StoreFaultOptions,
  run: (subject: StoreFaultSubject) => Promise<void>,
): Promise<void> {
  const subject = await setup();
  try {
    await run(subject);
  } finally {
    if (subject.teardown) await subject.teardown();
    else {
      await subject.location.store.close();
      await subject.proxy[Symbol.asyncDispose]();
    }
  }
}

import { setTimeout } from 'node:timers/promises';
import type { GcpKmsClient } from './connection.js';
import { gcpFailure } from './errors.js';
import type { KeyName } from './key-name.js';
import { type Calls, OPERATIONS, type Operation } from './operations.js';

/** Calls one method of Cloud KMS for the key, and throws errors of ours. */
export type Ask = <O extends Operation>(
  operation: O,
  request: Calls[O]['request'],
  stop: AbortSignal,
) => Promise<Calls[O]['answer']>;

const ATTEMPTS = 4;
/** Before the second attempt, at most. Quotas are counted by the second. */
const FIRST_WAIT_MS = { KEY_UNAVAILABLE: 100, KEY_THROTTLED: 250 } as const;

/**
 * What is busy or away is asked again here, and not by google-gax. That one ends with DEADLINE_EXCEEDED whatever went
 * wrong, puts all earlier messages into the last, takes an answer that it cannot read for an outage, and gives up at once
 * when it is asked to slow down.
 */
export function asking(name: KeyName, connect: () => Promise<GcpKmsClient>, deadlineMs: number): Ask {
  return async (operation, request, stop) => {
    const client = await connect().catch((error: unknown) => {
      throw gcpFailure(error, { operation, key: name.key, connecting: true }).error;
    });
    for (let attempt = 1; ; attempt++) {
      stop.throwIfAborted();
      try {
        return await call(client, operation, request, deadlineMs, stop);
      } catch (thrown) {
        const { error, passing } = gcpFailure(thrown, { operation, key: name.key, connecting: false });
        if (passing === undefined || attempt === ATTEMPTS) throw error;
        const wait = FIRST_WAIT_MS[passing] * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
        await setTimeout(wait, undefined, { signal: stop, ref: false });
      }
    }
  };
}

interface Call<A> extends Promise<readonly [A, ...unknown[]]> {
  cancel(): void;
}

/**
 * One attempt. Through `innerApiCalls`, because the methods of the client write request and answer, data key and all, to
 * the log that GOOGLE_SDK_NODE_LOGGING switches on; and because what they return cannot be cancelled.
 */
async function call<O extends Operation>(
  client: GcpKmsClient,
  operation: O,
  request: Calls[O]['request'],
  timeout: number,
  stop: AbortSignal,
): Promise<Calls[O]['answer']> {
  const routing = new URLSearchParams({ [OPERATIONS[operation].routedBy]: resourceOf(request) });
  const running = client.innerApiCalls[operation]!(request, {
    timeout,
    retry: null,
    otherArgs: { headers: { 'x-goog-request-params': routing.toString() } },
  }) as Call<Calls[O]['answer']>;
  const cancel = () => running.cancel();
  stop.addEventListener('abort', cancel, { once: true });
  try {
    const [answer] = await running;
    return answer;
  } finally {
    stop.removeEventListener('abort', cancel);
  }
}

function resourceOf(request: Calls[Operation]['request']): string {
  if ('cryptoKey' in request) return request.cryptoKey?.name ?? '';
  if ('parent' in request) return request.parent ?? '';
  return ('name' in request ? request.name : '') ?? '';
}

import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from './connection.js';
import {
  type Asked,
  type Failure,
  OPERATIONS,
  type Operation,
  pathOf,
  refusal,
  unanswered,
} from './errors.js';
import type { KeyName } from './key-name.js';
import { send } from './send.js';

/** One call of a provider's: within it the server is asked once, and again while it is busy. */
export interface Asking {
  readonly key: KeyName;
  readonly connection: Connection;
  readonly token: string | undefined;
  readonly stop: AbortSignal;
  /** When the deadline is, in the time of `performance.now()`. */
  readonly endsAt: number;
}

const MAX_TRIES = 4;
const FIRST_WAIT_MS = 250;

/**
 * The body of the answer; empty where the server has nothing to say. Whoever gets it zeroes it.
 *
 * @throws a WeightsealError, and what the signal says
 */
export async function ask(asking: Asking, operation: Operation, body?: Uint8Array): Promise<Buffer> {
  const { key, token, stop, connection } = asking;
  const asked: Asked = { key, operation, token };
  const sent = {
    method: OPERATIONS[operation][0],
    url: `${key.address}/v1/${pathOf(operation, key)}`,
    headers: headersOf(asking, body),
    body,
  };
  for (let tries = 1; ; tries++) {
    let failed: Failure;
    let retryAfter: string | undefined;
    try {
      stop.throwIfAborted();
      const answer = await send(connection, sent, stop);
      if (answer.status >= 200 && answer.status < 300) return answer.body;
      failed = refusal(answer, asked);
      retryAfter = answer.retryAfter;
      answer.body.fill(0);
    } catch (thrown) {
      // Node's own words for our deadline or the caller's signal.
      if (stop.aborted) throw stop.reason;
      failed = unanswered(thrown, asked);
    }
    const wait = mayRepeat(failed, operation) && tries < MAX_TRIES ? waitAfter(tries, retryAfter) : Infinity;
    // A wait beyond the deadline would only hide the reason behind a timeout.
    if (performance.now() + wait >= asking.endsAt) throw failed.error;
    await delay(wait, undefined, { signal: stop }).catch(() => stop.throwIfAborted());
  }
}

/** A second rotation would be one too many; everything else can be done twice. */
function mayRepeat({ again }: Failure, operation: Operation): boolean {
  return again === 'turned-away' || (again === 'unknown' && operation !== 'rotate the key');
}

/** Exponential, with jitter; or what the server asks for, in seconds or as a date (RFC 9110 §10.2.3). */
function waitAfter(tries: number, retryAfter: string | undefined): number {
  if (retryAfter !== undefined && /^\d{1,9}$/.test(retryAfter)) return Number(retryAfter) * 1000;
  const until = Date.parse(retryAfter ?? '');
  if (!Number.isNaN(until)) return Math.max(0, until - Date.now());
  return FIRST_WAIT_MS * 2 ** (tries - 1) * (0.5 + Math.random() / 2);
}

function headersOf({ key, token }: Asking, body: Uint8Array | undefined): Record<string, string> {
  return {
    accept: 'application/json',
    // Vault's guard against server-side request forgery; a Vault Agent can be made to insist on it.
    'x-vault-request': 'true',
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(token !== undefined && { 'x-vault-token': token }),
    ...(key.namespace !== undefined && { 'x-vault-namespace': key.namespace }),
  };
}

import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Delivery } from './delivery.js';
import type { Answer, Headers } from './fault.js';

export interface HttpAnswer extends Answer {
  readonly status: number;
  readonly headers: Headers;
  /** What the head says of the length of the body, where that is not so. */
  readonly declaredLength?: number | undefined;
}

/** Of one connection only, RFC 9110 §7.6.1; or set by the proxy, because the body may change. */
const NOT_PASSED_ON = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'te',
  'upgrade',
]);

export function passedOn(headers: Headers): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || NOT_PASSED_ON.has(name.toLowerCase())) continue;
    kept[name] = typeof value === 'string' ? value : [...value];
  }
  return kept;
}

/** An answer with a JSON body, as most services word their errors. */
export function jsonAnswer(status: number, value: unknown, headers: Headers = {}): HttpAnswer {
  const body = Buffer.from(JSON.stringify(value));
  return { status, headers: { 'content-type': 'application/json', ...headers }, body };
}

/** Writes the answer. `cut` is called once the part that is to arrive has been handed to the system. */
export function sendHttp(
  response: ServerResponse,
  { answer, cut, pace }: Delivery<HttpAnswer>,
  end: (by: 'reset' | 'close') => void,
): void {
  response.writeHead(answer.status, STATUS_CODES[answer.status] ?? '', {
    ...passedOn(answer.headers),
    'content-length': String(answer.declaredLength ?? answer.body.length),
  });
  if (pace !== undefined) {
    trickle(response, answer.body, pace);
    return;
  }
  if (cut === undefined) {
    response.end(answer.body);
    return;
  }
  response.flushHeaders();
  const { after, by } = cut;
  response.write(answer.body.subarray(0, after), () => {
    if (by !== 'silence') end(by);
  });
}

function trickle(
  response: ServerResponse,
  body: Uint8Array,
  { bytes, everyMs }: NonNullable<Delivery<HttpAnswer>['pace']>,
): void {
  let at = 0;
  const timer = setInterval(() => {
    response.write(body.subarray(at, at + bytes));
    at += bytes;
    if (at < body.length) return;
    clearInterval(timer);
    response.end();
  }, everyMs);
  response.once('close', () => clearInterval(timer));
}

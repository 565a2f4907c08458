import type { Http2ServerRequest } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { asRefusal, busy, invalid, isOurs, statusOf, tooMuch } from '../http/status.js';
import type { Response } from '../send/write.js';
import { Answers, type Parts, refuse } from './answer.js';
import { type Connection, type Connections, end } from './connections.js';
import { Exchange, type Request } from './exchange.js';
import type { Metrics } from './metrics.js';

/** So many may come behind the one that is answered; nobody who means well sends as many. */
const MOST_PIPELINED = 16;

/** The requests that have come and are not over. Those on one connection of HTTP/1.1 are answered one after the other. */
export class Requests {
  readonly #parts: Parts;
  readonly #answers: Answers;
  readonly #connections: Connections;
  readonly #metrics: Metrics;
  readonly #isListening: () => boolean;
  running = 0;

  constructor(parts: Parts, connections: Connections, metrics: Metrics, isListening: () => boolean) {
    this.#parts = parts;
    this.#answers = new Answers(parts);
    this.#connections = connections;
    this.#metrics = metrics;
    this.#isListening = isListening;
  }

  came(request: Request, response: Response): void {
    const connection = this.#connectionOf(request);
    const exchange = new Exchange(request, response, () => this.#over(exchange, connection));
    this.running++;
    // It has ended before its request was looked at.
    if (!connection) {
      exchange.cut('ABORTED');
      exchange.end();
      return;
    }
    const ahead = request.httpVersionMajor === 1 ? connection.exchanges.size : 0;
    connection.exchanges.add(exchange);
    connection.client.requests++;
    if (ahead > MOST_PIPELINED) exchange.cut('STORE_THROTTLED');
    else if (ahead === 0) this.#begin(exchange, connection);
  }

  #connectionOf(request: Request): Connection | undefined {
    const carrier = 'stream' in request && request.stream ? request.stream.session : request.socket;
    return carrier && this.#connections.of(carrier as TLSSocket);
  }

  #begin(exchange: Exchange, connection: Connection): void {
    const refusal = this.#refusalOf(exchange.request, connection);
    if (refusal) refuse(exchange, refusal.error, { last: true, status: refusal.status });
    else this.#answers.give(exchange, connection).catch((error: unknown) => this.#failed(exchange, error));
  }

  /** What is refused whoever asks. */
  #refusalOf(
    request: Request,
    connection: Connection,
  ): { readonly error: ReturnType<typeof busy>; readonly status?: number } | undefined {
    const { limits } = this.#parts.options;
    if (!this.#isListening()) return { error: busy('The server is being stopped') };
    const refused = this.#connections.refusalOf(connection);
    if (refused === 'all') return { error: busy('There are too many connections') };
    if (refused === 'client') return { error: tooMuch('This client has too many connections') };
    if (connection.client.requests > limits.requestsPerClient)
      return { error: tooMuch('This client has too many requests') };
    if (this.running > limits.requests) return { error: busy('There are too many requests') };
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return { error: invalid('Models can only be read: GET and HEAD.'), status: 405 };
    return hasBody(request) ? { error: invalid('A request here has no body.') } : undefined;
  }

  #failed(exchange: Exchange, error: unknown): void {
    const refusal = asRefusal(error);
    const { response, signal } = exchange;
    // Who has left is no problem of ours, and what a trust refuses neither.
    if (!signal.aborted && statusOf(refusal) >= 500 && !isOurs(refusal) && refusal.code !== 'ABORTED')
      this.#parts.options.onProblem(refusal);
    if (response.headersSent || signal.aborted) exchange.cut(refusal.code);
    else
      refuse(exchange, refusal, { last: refusal.class === 'trust' && refusal.code !== 'CLIENT_FORBIDDEN' });
  }

  #over(exchange: Exchange, connection: Connection | undefined): void {
    this.running--;
    this.#tell(exchange);
    if (!connection) return;
    const { exchanges, client, carrier, isTaken } = connection;
    exchanges.delete(exchange);
    client.requests--;
    const [next] = exchanges;
    if (next && next.request.httpVersionMajor === 1 && !carrier.destroyed) this.#begin(next, connection);
    if (!next && !(this.#isListening() && isTaken)) end(connection);
  }

  #tell({ record, firstByteMs }: Exchange): void {
    const { method = '', status, protocol = '', code, bytes } = record;
    const known = /^(?:GET|HEAD)$/.test(method) ? method : 'other';
    this.#metrics.count('requests_total', 1, { method: known, status: String(status), protocol });
    if (code !== undefined) this.#metrics.count('refused_total', 1, { code });
    this.#metrics.count('sent_bytes_total', bytes);
    if (firstByteMs !== undefined) this.#metrics.firstByte(firstByteMs);
    this.#parts.options.onAccess(record);
  }
}

/** Or says that one follows, over either version. */
function hasBody(request: Request): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
  if (length !== '0' || encoding !== undefined) return true;
  const { stream } = request as Partial<Http2ServerRequest>;
  return stream !== undefined && !stream.endAfterHeaders;
}

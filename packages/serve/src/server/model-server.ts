import type { Server as HttpServer } from 'node:http';
import type { Http2SecureServer, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { WeightsealError } from '@weightseal/core';
import { refusalOf } from '@weightseal/transit';
import { asRefusal, busy, statusOf, tooMuch } from '../http/status.js';
import { adminServer } from './admin.js';
import { Answers, type Parts, refuse } from './answer.js';
import { type Connection, Connections, end } from './connections.js';
import { Exchange, type Request } from './exchange.js';
import { type Address, addressOf, type ListenOptions, listenOn } from './listening.js';
import type { Metrics } from './metrics.js';
import { Newcomers } from './newcomers.js';

/** Beyond the limit of connections so many more are told that there are too many; the rest is dropped. */
const TOLD = 64;

export interface Drained {
  /** Connections that were cut, since they had not ended in time. */
  readonly cut: number;
}

/** A server of what is sealed. `createModelServer` makes one. */
export class ModelServer implements AsyncDisposable {
  readonly #parts: Parts;
  readonly #server: Http2SecureServer;
  readonly #answers: Answers;
  readonly #connections: Connections;
  readonly #newcomers: Newcomers;
  readonly #metrics: Metrics;
  #admin: HttpServer | undefined;
  #state: 'new' | 'listening' | 'draining' | 'closed' = 'new';
  #running = 0;
  #drained: Promise<Drained> | undefined;

  /** @internal */
  constructor(parts: Parts, server: Http2SecureServer, metrics: (own: ModelServer) => Metrics) {
    this.#parts = parts;
    this.#server = server;
    this.#answers = new Answers(parts);
    this.#connections = new Connections(parts.options.limits);
    this.#newcomers = new Newcomers(Math.ceil(parts.options.limits.connections / 2));
    this.#metrics = metrics(this);
    this.#hear();
  }

  /** Begins to listen. @throws IO_ERROR and the like, INVALID_ARGUMENT */
  async listen(options: ListenOptions = {}): Promise<Address> {
    if (this.#state !== 'new')
      throw new WeightsealError(
        'INVALID_ARGUMENT',
        'This server listens already, or has ended; make another one.',
      );
    const address = await listenOn(this.#server, options, this.#parts.options.development);
    this.#state = 'listening';
    return address;
  }

  /** Begins to answer probes, by plain HTTP: /healthz, /readyz and /metrics. On 127.0.0.1 unless told. @throws IO_ERROR and the like */
  async listenAdmin(options: Omit<ListenOptions, 'reusePort'>): Promise<Address> {
    const admin = await adminServer({ metrics: () => this.metrics(), isReady: () => this.ready });
    const address = await listenOn(admin, options, false);
    this.#admin = admin;
    return address;
  }

  /** Where it listens. */
  get address(): Address {
    return addressOf(this.#server);
  }

  get ready(): boolean {
    return this.#state === 'listening';
  }

  get connections(): number {
    return this.#connections.count;
  }

  get running(): number {
    return this.#running;
  }

  /** For Prometheus. */
  metrics(): string {
    return this.#metrics.text();
  }

  #hear(): void {
    const { options } = this.#parts;
    const server = this.#server;
    server.maxConnections = options.limits.connections + TOLD;
    server.on('connection', (socket: Socket) => {
      if (this.#newcomers.came(socket)) return;
      this.#metrics.count('dropped_total');
      socket.destroy();
    });
    server.on('drop', () => this.#metrics.count('dropped_total'));
    server.on('secureConnection', (socket: TLSSocket) => {
      this.#newcomers.met(socket);
      this.#metrics.count('connections_total');
      socket.on('error', () => {});
      if (socket.alpnProtocol !== 'h2') this.#connections.add(socket, socket);
    });
    server.on('session', (session: ServerHttp2Session) => {
      session.on('error', () => {});
      session.setTimeout(options.limits.idleMs, () => this.#idle(session));
      this.#connections.add(session, session.socket as Socket);
    });
    server.on('tlsClientError', (error, socket) => this.#refusedHandshake(error, socket));
    // Bytes that are no HTTP, and headers that do not come.
    server.on('clientError' as 'error', (error: Error, socket?: Socket) => {
      if ((error as NodeJS.ErrnoException).code === 'ERR_HTTP_REQUEST_TIMEOUT')
        this.#metrics.count('refused_total', 1, { code: 'TIMEOUT' });
      socket?.destroy();
    });
    server.on('request', (request, response) => {
      this.#answer(new Exchange(request, response, (exchange) => this.#over(exchange)));
    });
  }

  /** Streams have times of their own. */
  #idle(session: ServerHttp2Session): void {
    if (this.#connections.of(session)?.running === 0) session.destroy();
  }

  #refusedHandshake(error: Error, socket: TLSSocket): void {
    const refusal = refusalOf(error, socket);
    if (!refusal) return;
    const { code } = refusal;
    this.#metrics.count('refused_total', 1, { code });
    const time = new Date().toISOString();
    const { remoteAddress } = socket;
    this.#parts.options.onAccess({
      time,
      client: [],
      remote: remoteAddress,
      status: 0,
      bytes: 0,
      ms: 0,
      code,
    });
  }

  #connectionOf(request: Request): Connection | undefined {
    const carrier = 'stream' in request && request.stream ? request.stream.session : request.socket;
    return carrier && this.#connections.of(carrier as TLSSocket);
  }

  #answer(exchange: Exchange): void {
    this.#running++;
    const connection = this.#connectionOf(exchange.request);
    // It has ended before its request was looked at.
    if (!connection) {
      exchange.cut('ABORTED');
      return;
    }
    connection.running++;
    const over = () => {
      connection.running--;
      if (this.#state !== 'listening' && connection.running === 0) end(connection);
    };
    exchange.signal.addEventListener('abort', over, { once: true });
    const refusal = this.#refusalOf(exchange.request, connection);
    if (refusal) refuse(exchange, refusal.error, true, refusal.status);
    else this.#answers.give(exchange, connection).catch((error: unknown) => this.#failed(exchange, error));
  }

  /** What is refused whoever asks. */
  #refusalOf(
    { method, headers }: Request,
    { refused }: Connection,
  ): { readonly error: WeightsealError; readonly status?: number } | undefined {
    const { limits } = this.#parts.options;
    if (this.#state !== 'listening') return { error: busy('The server is being stopped') };
    if (refused === 'all') return { error: busy('There are too many connections') };
    if (refused === 'client') return { error: tooMuch('This client has too many connections') };
    if (this.#running > limits.requests) return { error: busy('There are too many requests') };
    const invalid = (why: string) => new WeightsealError('INVALID_ARGUMENT', why);
    if (method !== 'GET' && method !== 'HEAD')
      return { error: invalid('Models can only be read: GET and HEAD.'), status: 405 };
    const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers;
    if (length !== '0' || encoding !== undefined) return { error: invalid('A request here has no body.') };
    return undefined;
  }

  #failed(exchange: Exchange, error: unknown): void {
    const refusal = asRefusal(error);
    const { response, signal } = exchange;
    // Who has left is no problem of ours, and what a trust refuses neither.
    if (!signal.aborted && statusOf(refusal) === 500 && refusal.code !== 'ABORTED')
      this.#parts.options.onProblem(refusal);
    if (response.headersSent || signal.aborted) exchange.cut(refusal.code);
    else refuse(exchange, refusal, refusal.class === 'trust' && refusal.code !== 'CLIENT_FORBIDDEN');
  }

  #over(exchange: Exchange): void {
    this.#running--;
    const { record, firstByteMs } = exchange;
    const { method = '', status, protocol = '', code, bytes } = record;
    const known = /^(?:GET|HEAD)$/.test(method) ? method : 'other';
    this.#metrics.count('requests_total', 1, { method: known, status: String(status), protocol });
    if (code !== undefined) this.#metrics.count('refused_total', 1, { code });
    this.#metrics.count('sent_bytes_total', bytes);
    if (firstByteMs !== undefined) this.#metrics.firstByte(firstByteMs);
    this.#parts.options.onAccess(record);
  }

  /** Is not ready from now on, takes no new connections, and lets running answers go on for `drainMs`; then it cuts them, and ends. Safe to call twice. */
  drain(drainMs: number = this.#parts.options.limits.drainMs): Promise<Drained> {
    this.#drained ??= this.#end(drainMs);
    return this.#drained;
  }

  async #end(drainMs: number): Promise<Drained> {
    const wasListening = this.#state === 'listening';
    this.#state = 'draining';
    const ended = new Promise<void>((resolve) => {
      if (wasListening) this.#server.close(() => resolve());
      else resolve();
    });
    this.#connections.endIdle();
    let cut = 0;
    const timer = setTimeout(() => {
      cut = this.#connections.destroyAll();
    }, drainMs);
    await ended;
    clearTimeout(timer);
    this.#state = 'closed';
    this.#parts.digests.end();
    await this.#parts.root[Symbol.asyncDispose]();
    if (this.#admin) {
      this.#admin.close();
      this.#admin.closeAllConnections();
    }
    return { cut };
  }

  /** Ends at once: answers that are under way are cut. */
  async close(): Promise<void> {
    const ending = this.drain(0);
    this.#connections.destroyAll();
    await ending;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

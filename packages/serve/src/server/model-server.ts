import type { Server as HttpServer } from 'node:http';
import type { Http2SecureServer, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { WeightsealError } from '@weightseal/core';
import { type AuthorisationRules, type CheckedRules, refusalOf } from '@weightseal/transit';
import { adminServer } from './admin.js';
import type { Parts } from './answer.js';
import { type Carrier, Connections, TOLD } from './connections.js';
import { type Address, addressOf, type ListenOptions, listenOn } from './listening.js';
import type { Metrics } from './metrics.js';
import { Newcomers } from './newcomers.js';
import { checkedRules } from './options.js';
import { Requests } from './requests.js';

export interface Drained {
  /** Connections that were cut, since they had not ended in time. */
  readonly cut: number;
}

/** A server of what is sealed. `createModelServer` makes one. */
export class ModelServer implements AsyncDisposable {
  readonly #parts: Parts;
  readonly #server: Http2SecureServer;
  readonly #requests: Requests;
  readonly #connections: Connections;
  readonly #newcomers: Newcomers;
  readonly #metrics: Metrics;
  #admin: HttpServer | undefined;
  #state: 'new' | 'listening' | 'draining' | 'closed' = 'new';
  #drained: Promise<Drained> | undefined;

  /** @internal */
  constructor(parts: Parts, server: Http2SecureServer, metrics: (own: ModelServer) => Metrics) {
    this.#parts = parts;
    this.#server = server;
    this.#connections = new Connections(parts.options.limits);
    this.#newcomers = new Newcomers(parts.options.limits.handshakes);
    this.#metrics = metrics(this);
    this.#requests = new Requests(parts, this.#connections, this.#metrics, () => this.ready);
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

  /** From now on each request is judged by these, also on connections that are open. @throws INVALID_ARGUMENT; then those that were there stay */
  setRules(rules: AuthorisationRules | CheckedRules): void {
    this.#parts.options.rules = checkedRules(rules);
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
    return this.#requests.running;
  }

  /** For Prometheus. */
  metrics(): string {
    return this.#metrics.text();
  }

  #hear(): void {
    const { options } = this.#parts;
    const server = this.#server;
    const { connections, handshakes } = options.limits;
    server.maxConnections = connections + TOLD + handshakes;
    server.on('connection', (socket: Socket) => {
      if (!this.#isStopped(socket) && this.#newcomers.came(socket)) this.#metrics.count('dropped_total');
    });
    server.on('drop', () => this.#metrics.count('dropped_total'));
    server.on('secureConnection', (socket: TLSSocket) => {
      this.#newcomers.met(socket);
      this.#metrics.count('connections_total');
      socket.on('error', () => {});
      if (this.#isStopped(socket) || socket.alpnProtocol === 'h2') return;
      this.#connections.add(socket, socket);
      this.#counted(socket);
    });
    server.on('session', (session: ServerHttp2Session) => {
      session.on('error', () => {});
      session.setTimeout(options.limits.idleMs, () => this.#idle(session));
      if (this.#isStopped(session)) return;
      this.#connections.add(session, session.socket as Socket);
      this.#counted(session);
    });
    server.on('tlsClientError', (error, socket) => this.#refusedHandshake(error, socket));
    // Bytes that are no HTTP, and headers that do not come.
    server.on('clientError' as 'error', (error: Error, socket?: Socket) => {
      if ((error as NodeJS.ErrnoException).code === 'ERR_HTTP_REQUEST_TIMEOUT')
        this.#metrics.count('refused_total', 1, { code: 'TIMEOUT' });
      socket?.destroy();
    });
    server.on('request', (request, response) => this.#requests.came(request, response));
  }

  /** Whoever has come while it ended. */
  #isStopped(carrier: Carrier | Socket): boolean {
    if (this.#state !== 'draining' && this.#state !== 'closed') return false;
    carrier.destroy();
    return true;
  }

  #counted(carrier: Carrier): void {
    const count = () => this.#parts.pieces.connected(this.connections);
    count();
    carrier.once('close', count);
  }

  /** Streams have times of their own. */
  #idle(session: ServerHttp2Session): void {
    if (this.#connections.of(session)?.exchanges.size === 0) session.destroy();
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
    this.#newcomers.destroyAll();
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

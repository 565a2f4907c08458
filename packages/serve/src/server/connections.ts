import type { Http2Session, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { peerOf } from '@weightseal/transit';
import { Rate } from '../send/rate.js';
import type { Exchange } from './exchange.js';
import type { AllLimits } from './limits.js';
import { namesOf } from './names.js';

/** One of HTTP/1.1 is its socket, one of HTTP/2 its session. */
export type Carrier = TLSSocket | ServerHttp2Session;

/** Beyond the limits so many more are told that there are too many, and of one client so many; the rest is dropped. */
export const TOLD = 64;
const TOLD_OF_ONE = 8;
/** In which they must ask for something, to be told. */
const TOLD_MS = 5000;

/** Who is behind some connections. */
interface Client {
  /** Those on which it is answered. */
  connections: number;
  /** Those that are too many. */
  surplus: number;
  /** Requests of it that are not over. */
  requests: number;
  /** Lists that are being made for it. */
  lists: number;
  readonly rate: Rate | undefined;
}

export interface Connection {
  readonly carrier: Carrier;
  readonly client: Client;
  /** Whether it is one on which is answered. */
  isTaken: boolean;
  /** Those that are not over, as they came. */
  readonly exchanges: Set<Exchange>;
}

/** The connections whose handshake is done, and whose they are. */
export class Connections {
  readonly #limits: AllLimits;
  readonly #all = new Map<object, Connection>();
  readonly #clients = new Map<string, Client>();
  #surplus = 0;

  constructor(limits: AllLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#all.size;
  }

  /** @param socket by which the client is known; a session's has it, too */
  add(carrier: Carrier, socket: Socket): void {
    const name = nameOf(socket);
    const client = this.#clientOf(name);
    const isTaken = this.#tooMany(client) === undefined;
    const connection: Connection = { carrier, client, isTaken, exchanges: new Set() };
    let timer: NodeJS.Timeout | undefined;
    if (!isTaken) {
      timer = setTimeout(() => connection.isTaken || carrier.destroy(), TOLD_MS).unref();
      if (client.surplus >= TOLD_OF_ONE || this.#surplus >= TOLD) carrier.destroy();
    }
    this.#countIn(connection, 1);
    this.#all.set(carrier, connection);
    carrier.once('close', () => {
      clearTimeout(timer);
      this.#all.delete(carrier);
      this.#countIn(connection, -1);
      this.#forget(name, client);
      // Those that had not come to their turn hear of it from nobody else.
      for (const exchange of connection.exchanges) exchange.end();
    });
  }

  #clientOf(name: string): Client {
    const known = this.#clients.get(name);
    if (known) return known;
    const { bytesPerSecond } = this.#limits;
    const rate = Number.isFinite(bytesPerSecond) ? new Rate(bytesPerSecond) : undefined;
    const client: Client = { connections: 0, surplus: 0, requests: 0, lists: 0, rate };
    this.#clients.set(name, client);
    return client;
  }

  #countIn({ client, isTaken }: Connection, by: number): void {
    if (isTaken) {
      client.connections += by;
      return;
    }
    client.surplus += by;
    this.#surplus += by;
  }

  /** Once it has no connection, and has been sent no more than its rate allows: else it would only have to come anew. */
  #forget(name: string, client: Client): void {
    if (client.connections + client.surplus > 0 || this.#clients.get(name) !== client) return;
    const owedMs = client.rate?.owedMs ?? 0;
    if (owedMs === 0) this.#clients.delete(name);
    else setTimeout(() => this.#forget(name, client), Math.min(owedMs + 1, 60_000)).unref();
  }

  /** Why nothing is answered on a connection: there are too many, of this client or in all. One that came as one too many is taken once there are fewer. */
  refusalOf(connection: Connection): 'client' | 'all' | undefined {
    if (connection.isTaken) return undefined;
    const refusal = this.#tooMany(connection.client);
    if (refusal) return refusal;
    this.#countIn(connection, -1);
    connection.isTaken = true;
    this.#countIn(connection, 1);
    return undefined;
  }

  #tooMany(client: Client): 'client' | 'all' | undefined {
    const { connections, connectionsPerClient } = this.#limits;
    if (client.connections >= connectionsPerClient) return 'client';
    return this.#all.size - this.#surplus >= connections ? 'all' : undefined;
  }

  of(carrier: Socket | Http2Session): Connection | undefined {
    return this.#all.get(carrier);
  }

  /** Ends those on which nothing is asked now; the others are ended by their last answer. */
  endIdle(): void {
    for (const connection of this.#all.values()) if (connection.exchanges.size === 0) end(connection);
  }

  /** @returns how many there were on which something was being answered */
  destroyAll(): number {
    let cut = 0;
    for (const { carrier, exchanges } of this.#all.values()) {
      if (exchanges.size > 0) cut++;
      carrier.destroy();
    }
    return cut;
  }
}

/** Lets what is under way go on, and takes no more. */
export function end({ carrier }: Connection): void {
  // A session says so to the client (GOAWAY), and ends once its streams have.
  if ('close' in carrier && typeof carrier.close === 'function') carrier.close();
  else (carrier as TLSSocket).end();
}

/** By what connections are counted together. Whether the client may have anything is said at each request. */
function nameOf(socket: Socket): string {
  try {
    return namesOf(peerOf(socket))[0] ?? '';
  } catch {
    return '';
  }
}

import type { Http2Session, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Peer, peerOf } from '@weightseal/transit';
import { Rate } from '../send/rate.js';
import type { AllLimits } from './limits.js';

/** One of HTTP/1.1 is its socket, one of HTTP/2 its session. */
export type Carrier = TLSSocket | ServerHttp2Session;

/** Who is behind some connections. */
interface Client {
  connections: number;
  /** Lists that are being made for it. */
  lists: number;
  readonly rate: Rate | undefined;
}

export interface Connection {
  readonly carrier: Carrier;
  readonly client: Client;
  /** Why nothing is answered on it: there are too many, of this client or in all. */
  readonly refused: 'client' | 'all' | undefined;
  /** Requests that are being answered. */
  running: number;
}

/** The connections whose handshake is done, and whose they are. */
export class Connections {
  readonly #limits: AllLimits;
  readonly #all = new Map<object, Connection>();
  readonly #clients = new Map<string, Client>();

  constructor(limits: AllLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#all.size;
  }

  /** @param socket by which the client is known; a session's has it, too */
  add(carrier: Carrier, socket: Socket): void {
    const name = nameOf(socket);
    const { bytesPerSecond, connections, connectionsPerClient } = this.#limits;
    const client = this.#clients.get(name) ?? {
      connections: 0,
      lists: 0,
      rate: Number.isFinite(bytesPerSecond) ? new Rate(bytesPerSecond) : undefined,
    };
    this.#clients.set(name, client);
    client.connections++;
    const refused =
      client.connections > connectionsPerClient
        ? 'client'
        : this.#all.size >= connections
          ? 'all'
          : undefined;
    this.#all.set(carrier, { carrier, client, refused, running: 0 });
    carrier.once('close', () => {
      this.#all.delete(carrier);
      client.connections--;
      if (client.connections === 0) this.#clients.delete(name);
    });
  }

  of(carrier: Socket | Http2Session): Connection | undefined {
    return this.#all.get(carrier);
  }

  /** Ends those on which nothing is asked now; the others are ended by their last answer. */
  endIdle(): void {
    for (const connection of this.#all.values()) if (connection.running === 0) end(connection);
  }

  /** @returns how many there were on which something was being answered */
  destroyAll(): number {
    let cut = 0;
    for (const { carrier, running } of this.#all.values()) {
      if (running > 0) cut++;
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
    const { uris, dnsNames, subject }: Peer['certificate'] = peerOf(socket).certificate;
    return uris[0] ?? dnsNames[0] ?? subject;
  } catch {
    return '';
  }
}

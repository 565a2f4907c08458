import { connect } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { bodyOf } from './body.js';
import { Connection } from './connection.js';
import { type AnswerHead, encodeGet, endedEarly, parseHead, WireError, type WireRequest } from './head.js';
import { onlyInTls13 } from './tls-version.js';

export interface WireOptions {
  /** What `tls.connect` of Node takes, or gives it for a new connection: whom to trust, for `https:`. Certificates are always checked, and a `minVersion` of TLS 1.3 also where a `secureContext` has another. */
  readonly tls?: ConnectionOptions | (() => ConnectionOptions) | undefined;
  /** Milliseconds for a connection to be there; 5 000 unless told. */
  readonly connectMs?: number | undefined;
}

/** An answer whose bytes are still to come. */
export interface WireAnswer extends Pick<AnswerHead, 'status' | 'headers'> {
  /** In pieces that are good until the next one is asked for. To be iterated once; ending it early ends the connection, and so does the signal of the request. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Instead, for a body that nobody wants. */
  drop(): void;
}

/** Servers close what was idle for 5 s (Node, Apache) or longer; a request that crosses that would fail. */
const IDLE_MS = 4_000;
const CONNECT_MS = 5_000;
const PROBE_MS = 10_000;

/**
 * GET over HTTP/1.1, for ranges of hundreds of megabytes a second: what comes lies in one memory for each connection, and goes from there to where it is wanted. Node's own client allocates
 * each piece anew, which took three times the processor's time, half of that the garbage collector's (docs/performance.md). Follows no redirect, decodes nothing, knows no proxy.
 */
export class Wire {
  readonly #options: WireOptions;
  readonly #idle = new Map<string, Connection[]>();
  readonly #used = new Set<Connection>();
  #pruning: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: WireOptions = {}) {
    this.#options = options;
  }

  /** Resolves when the head is there. @throws WireError for what is no answer, what the system says of the connection, and the signal's reason */
  async get(request: WireRequest, signal: AbortSignal): Promise<WireAnswer> {
    signal.throwIfAborted();
    const text = encodeGet(request);
    const { origin } = request;
    const kept = this.#take(origin);
    // A server may close a connection just when it is used again: that says nothing of the request.
    if (kept) {
      const answer = await this.#ask(kept, origin, text, signal, true);
      if (answer) return answer;
      signal.throwIfAborted();
    }
    const answer = await this.#ask(this.#open(new URL(origin)), origin, text, signal, false);
    if (answer) return answer;
    throw endedEarly();
  }

  /** Ends all connections. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#pruning);
    for (const idle of this.#idle.values()) for (const connection of idle) connection.destroy();
    this.#idle.clear();
    for (const connection of this.#used) connection.destroy();
  }

  async #ask(
    connection: Connection,
    origin: string,
    text: string,
    signal: AbortSignal,
    again: boolean,
  ): Promise<WireAnswer | undefined> {
    // Also where nobody reads the body: then nobody else lets go of it.
    const stop = () => {
      connection.destroy(signal.reason as Error);
      end(false);
    };
    signal.addEventListener('abort', stop, { once: true });
    this.#used.add(connection);
    let over = false;
    const end = (reusable: boolean) => {
      if (over) return;
      over = true;
      signal.removeEventListener('abort', stop);
      this.#used.delete(connection);
      if (reusable && connection.usable && !this.#closed) this.#keep(origin, connection);
      else connection.destroy();
    };
    try {
      connection.send(text);
      const head = await answerOf(connection);
      if (head) return this.#answer(connection, head, end);
      end(false);
      return undefined;
    } catch (error) {
      end(false);
      // What was closed while it was idle may say so by a reset.
      if (again && !signal.aborted && !(error instanceof WireError)) return undefined;
      throw error;
    }
  }

  #answer(connection: Connection, head: AnswerHead, end: (reusable: boolean) => void): WireAnswer {
    async function* pieces(): AsyncGenerator<Uint8Array, void> {
      let whole = false;
      try {
        yield* bodyOf(connection, head.body);
        whole = true;
      } finally {
        end(whole && head.persistent);
      }
    }
    const { status, headers } = head;
    return { status, headers, body: pieces(), drop: () => end(false) };
  }

  #take(origin: string): Connection | undefined {
    const idle = this.#idle.get(origin) ?? [];
    for (let connection = idle.pop(); connection; connection = idle.pop()) {
      if (connection.usable && performance.now() - connection.idleSince < IDLE_MS) {
        connection.hold(true);
        return connection;
      }
      connection.destroy();
    }
    return undefined;
  }

  #keep(origin: string, connection: Connection): void {
    connection.idleSince = performance.now();
    connection.hold(false);
    const idle = this.#idle.get(origin);
    if (idle) idle.push(connection);
    else this.#idle.set(origin, [connection]);
    this.#pruning ??= setTimeout(() => this.#prune(), IDLE_MS).unref();
  }

  /** Nothing is read of what is idle, so that nobody hears of its end: a process that lives long would keep it for ever. */
  #prune(): void {
    this.#pruning = undefined;
    for (const [origin, idle] of this.#idle) {
      const young = idle.filter((one) => one.usable && performance.now() - one.idleSince < IDLE_MS);
      for (const one of idle) if (!young.includes(one)) one.destroy();
      if (young.length > 0) this.#idle.set(origin, young);
      else this.#idle.delete(origin);
    }
    if (this.#idle.size > 0) this.#pruning = setTimeout(() => this.#prune(), IDLE_MS).unref();
  }

  #open(url: URL): Connection {
    const { tls: given, connectMs = CONNECT_MS } = this.#options;
    const tls = typeof given === 'function' ? given() : given;
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const secure = url.protocol === 'https:';
    const port = Number(url.port || (secure ? 443 : 80));
    return new Connection(secure, (onread) => {
      const to = { host, port, onread: onread as never };
      const socket = secure
        ? connectTls({
            ALPNProtocols: ['http/1.1'],
            minVersion: 'TLSv1.2',
            ...(isName(host) && { servername: host }),
            ...tls,
            ...to,
            // Also where NODE_TLS_REJECT_UNAUTHORIZED is 0: credentials go there.
            rejectUnauthorized: true,
          })
        : connect(to);
      if (tls?.minVersion === 'TLSv1.3') onlyInTls13(socket as TLSSocket);
      socket.setNoDelay(true).setKeepAlive(true, PROBE_MS);
      const late = Object.assign(new Error(`No connection after ${connectMs} ms.`), { code: 'ETIMEDOUT' });
      const timer = setTimeout(() => socket.destroy(late), connectMs);
      const clear = () => clearTimeout(timer);
      return socket.once(secure ? 'secureConnect' : 'connect', clear).once('close', clear);
    });
  }
}

/** The server's name is told to it only where it has one: RFC 6066 §3. */
function isName(host: string): boolean {
  return !/^[\d.]+$/.test(host) && !host.includes(':');
}

/** The head of the answer itself, after those that only say that it is coming (RFC 9110 §15.2). */
async function answerOf(connection: Connection): Promise<AnswerHead | undefined> {
  for (let most = 10; most > 0; most--) {
    const text = await connection.head();
    if (text === undefined) return undefined;
    const head = parseHead(text);
    if (head.status >= 200) return head;
    if (head.status === 101) break;
  }
  throw new WireError('The answer is none that was asked for.');
}

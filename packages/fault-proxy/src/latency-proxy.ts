import { connect, type Socket } from 'node:net';
import { Port } from './port.js';

export interface LatencyProxyOptions {
  /** Where connections go on to: `host:port`. */
  readonly upstream: string;
  /** Milliseconds that each round trip takes longer, also that of connecting. */
  readonly latencyMs: number;
}

export interface LatencyProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections that were made in all. */
  readonly connections: number;
}

/**
 * A way that is long and wide: what a client sends comes out so much later, in order and at full speed, and what the server sends at once. So each round trip takes that much longer, be
 * it of TCP, of TLS or of HTTP, which it does not look at. For benchmarks; let it have a process of its own.
 */
export async function latencyProxy({ upstream, latencyMs }: LatencyProxyOptions): Promise<LatencyProxy> {
  const at = upstream.lastIndexOf(':');
  const [host, to] = [upstream.slice(0, at), Number(upstream.slice(at + 1))];
  const open = new Set<Socket>();
  let connections = 0;
  const port = await Port.open((client) => {
    connections++;
    const server = connect({ host, port: to, noDelay: true });
    open.add(server);
    server.once('close', () => {
      open.delete(server);
      client.destroy();
    });
    server.on('error', () => {});
    client.once('close', () => server.destroy());
    server.pipe(client);
    // The connection itself is a round trip too: its first bytes come out after two.
    delayed(client, server, latencyMs, performance.now() + 2 * latencyMs);
  });
  return {
    port: port.number,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      for (const server of open) server.destroy();
      await port[Symbol.asyncDispose]();
    },
  };
}

/** What is on its way of one connection; a sender waits when it is more. */
const MOST_BYTES = 64 * 1024 * 1024;

function delayed(from: Socket, to: Socket, latencyMs: number, notBefore: number): void {
  const queue: { readonly due: number; readonly piece: Buffer | undefined }[] = [];
  let underWay = 0;
  let timer: NodeJS.Timeout | undefined;
  const letOut = () => {
    timer = undefined;
    const now = performance.now();
    // A timer may come a little early.
    while (queue.length > 0 && queue[0]!.due <= now + 0.5) {
      const { piece } = queue.shift()!;
      if (piece === undefined) to.end();
      else if (!to.destroyed) to.write(piece);
      underWay -= piece?.length ?? 0;
    }
    if (underWay <= MOST_BYTES) from.resume();
    const [next] = queue;
    if (next !== undefined) timer = setTimeout(letOut, Math.max(1, next.due - now));
  };
  const add = (piece: Buffer | undefined) => {
    const due = Math.max(performance.now() + latencyMs, notBefore);
    queue.push({ due, piece });
    timer ??= setTimeout(letOut, due - performance.now());
  };
  from.on('data', (piece: Buffer) => {
    underWay += piece.length;
    if (underWay > MOST_BYTES) from.pause();
    add(piece);
  });
  from.on('end', () => add(undefined));
  from.once('close', () => clearTimeout(timer));
}

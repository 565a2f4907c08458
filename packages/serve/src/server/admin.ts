import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** What probes and Prometheus ask. */
export interface Health {
  /** Whether requests for models are answered: false before it listens, and from the beginning of a drain on. */
  isReady(): boolean;
  metrics(): string;
}

/** Nobody else gets a connection from here: with more, the oldest has to go, so that who opens some and says nothing is in nobody's way. */
const MOST = 64;
const TIMES = {
  headersTimeout: 2000,
  requestTimeout: 2000,
  keepAliveTimeout: 2000,
  connectionsCheckingInterval: 1000,
};

/** A listener of plain HTTP for probes, apart from the one for models. It tells numbers, and no names. */
export async function adminServer(health: Health): Promise<Server> {
  const { createServer } = await import('node:http');
  const server = createServer(TIMES, (request, response) => {
    const tell = (status: number, text: string, type = 'text/plain; charset=utf-8') => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(request.method === 'HEAD' ? undefined : text);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') return tell(405, 'GET or HEAD\n');
    if (request.url === '/healthz') return tell(200, 'ok\n');
    if (request.url === '/readyz') return health.isReady() ? tell(200, 'ready\n') : tell(503, 'not ready\n');
    if (request.url === '/metrics')
      return tell(200, health.metrics(), 'text/plain; version=0.0.4; charset=utf-8');
    return tell(404, '/healthz, /readyz and /metrics\n');
  });
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    const [oldest] = open;
    if (open.size <= MOST) return;
    oldest!.destroy();
    open.delete(oldest!);
  });
  return server;
}

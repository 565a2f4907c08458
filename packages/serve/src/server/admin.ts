import type { Server } from 'node:http';

/** What probes and Prometheus ask. */
export interface Health {
  /** Whether requests for models are answered: false before it listens, and from the beginning of a drain on. */
  isReady(): boolean;
  metrics(): string;
}

/** A listener of plain HTTP for probes, apart from the one for models. It tells numbers, and no names. */
export async function adminServer(health: Health): Promise<Server> {
  const { createServer } = await import('node:http');
  const server = createServer({ headersTimeout: 5000, requestTimeout: 5000 }, (request, response) => {
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
  server.maxConnections = 64;
  return server;
}

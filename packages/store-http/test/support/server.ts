import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

/** How a server differs from one that does everything right. */
export interface Habits {
  /** What its ETag is: strong unless told. */
  readonly etag?: 'strong' | 'weak' | 'none' | undefined;
  readonly lastModified?: boolean | undefined;
  /** Whether it heeds If-Match and If-Unmodified-Since. */
  readonly heeds?: boolean | undefined;
  /** The status that it gives to HEAD, instead of an answer. */
  readonly head?: number | undefined;
}

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

/** A web server with ranges, as RFC 9110 has them. */
export class WebServer implements AsyncDisposable {
  readonly url: string;
  readonly seen: Seen[] = [];
  readonly objects = new Map<string, { readonly bytes: Buffer; readonly date: string }>();
  habits: Habits = {};
  /** Comes first; true when it has answered. */
  instead: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  readonly #end: () => Promise<void>;

  private constructor(url: string, end: () => Promise<void>) {
    this.url = url;
    this.#end = end;
  }

  static async start(tls?: ServerOptions): Promise<WebServer> {
    const listener = (request: IncomingMessage, response: ServerResponse) => made.answer(request, response);
    const server = tls ? createTlsServer(tls, listener) : createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const made: WebServer = new WebServer(`http${tls ? 's' : ''}://127.0.0.1:${port}`, async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return made;
  }

  /** @param path without escapes */
  put(path: string, bytes: Uint8Array, date = 'Mon, 02 Nov 2026 10:00:00 GMT'): void {
    this.objects.set(path, { bytes: Buffer.from(bytes), date });
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '', headers } = request;
    this.seen.push({ method, url, headers });
    if (this.instead(request, response)) return;
    const found = this.objects.get(decodeURIComponent(url.replace(/\?.*$/, '')));
    if (method === 'HEAD' && this.habits.head !== undefined) response.writeHead(this.habits.head).end();
    else if (!found) response.writeHead(404, { 'content-length': '2' }).end('no');
    else this.#serve(request, response, found);
  }

  #serve(
    { method, headers }: IncomingMessage,
    response: ServerResponse,
    { bytes, date }: { readonly bytes: Buffer; readonly date: string },
  ): void {
    const { etag = 'strong', lastModified = true, heeds = true } = this.habits;
    const tag = `${etag === 'weak' ? 'W/' : ''}"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`;
    if (etag !== 'none') response.setHeader('etag', tag);
    if (lastModified) response.setHeader('last-modified', date);
    const since = headers['if-unmodified-since'];
    const isOther = headers['if-match'] !== undefined && (etag !== 'strong' || headers['if-match'] !== tag);
    if (heeds && (isOther || (since !== undefined && Date.parse(since) < Date.parse(date)))) {
      response.writeHead(412).end();
      return;
    }
    const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
    if (!range || method === 'HEAD') {
      response.writeHead(200, { 'content-length': String(bytes.length) });
      response.end(method === 'HEAD' ? undefined : bytes);
      return;
    }
    const [from, to] = [Number(range[1]), Math.min(Number(range[2]), bytes.length - 1)];
    if (from >= bytes.length) {
      response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
      return;
    }
    const part = bytes.subarray(from, to + 1);
    response.writeHead(206, {
      'content-range': `bytes ${from}-${to}/${bytes.length}`,
      'content-length': String(part.length),
    });
    response.end(part);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#end();
  }
}

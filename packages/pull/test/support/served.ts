import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { StoreLocation } from '@weightseal/core';
import { type HttpTls, httpLocationFromUri } from '@weightseal/store-http';
import { createDevCa, createTlsOptions } from '@weightseal/transit';

const ca = createDevCa();
const [own, its] = [ca.issue('server'), ca.issue('client')];
const pem = (text: string | Uint8Array) => ({ pem: text });
const trusted = { ca: pem(ca.certificate), allowDevelopment: true };
/** What a client shows to these servers. */
export const TLS: HttpTls = { certificate: pem(its.certificate), key: pem(its.key), ...trusted };
/** For clients in processes of their own. */
export const FILES = { 'client.pem': its.certificate, 'client-key.pem': its.key, 'ca.pem': ca.certificate };
const serverTls = await createTlsOptions({
  role: 'server',
  certificate: pem(own.certificate),
  key: pem(own.key),
  ...trusted,
});

export interface Asked {
  readonly method: string;
  readonly path: string;
  /** From and to, and not with it. */
  readonly range: readonly [number, number] | undefined;
}

/** A directory over TLS 1.3 with certificates on both sides, in ranges, as any web server serves it. */
export class Served implements AsyncDisposable {
  readonly url: string;
  readonly asked: Asked[] = [];
  /** Bytes of bodies that went out. */
  sent = 0;
  /** By what it calls a version; the digest unless told. */
  etag: (path: string, bytes: () => Promise<Buffer>) => string | Promise<string> = async (_, bytes) =>
    `"sha256-${createHash('sha256')
      .update(await bytes())
      .digest('hex')}"`;
  /** Comes first; true when it has answered. */
  instead: (asked: Asked, response: ServerResponse) => boolean | Promise<boolean> = () => false;
  /** What is served in the place of bytes that lie there. */
  change: (path: string, bytes: Buffer) => Buffer = (_, bytes) => bytes;
  /** Milliseconds for each 256 KiB, so that there is something to cut off. */
  delayMs = 0;
  /** Of which a byte comes now and then, and never nothing. */
  trickles: (path: string) => boolean = () => false;
  readonly #root: string;
  readonly #end: () => Promise<void>;
  readonly #tags = new Map<string, string>();
  readonly #read = new Map<string, Promise<Buffer>>();

  private constructor(root: string, url: string, end: () => Promise<void>) {
    this.#root = root;
    this.url = url;
    this.#end = end;
  }

  static async start(root: string, { tls = true } = {}): Promise<Served> {
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      made.#answer(request, response).catch(() => response.destroy());
    };
    const server = tls ? createTlsServer(serverTls, listener) : createServer(listener);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const made: Served = new Served(root, `http${tls ? 's' : ''}://127.0.0.1:${port}`, async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    });
    return made;
  }

  /** A place in it, as a client of ours has it, which asks for a MiB at once: so short files are long ones. */
  at(path: string, tuning: StoreLocation['tuning'] = {}): StoreLocation {
    const tls = this.url.startsWith('https:') ? { tls: TLS } : {};
    const location = httpLocationFromUri(`${this.url}/${path}`, tls);
    return { ...location, tuning: { requestTimeoutMs: 2000, requestBytes: 1_048_576, ...tuning } };
  }

  async #answer(
    { method = '', url = '', headers }: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const path = decodeURIComponent(url).slice(1);
    const said = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
    const range = said ? ([Number(said[1]), Number(said[2]) + 1] as const) : undefined;
    const asked = { method, path, range };
    this.asked.push(asked);
    if (await this.instead(asked, response)) return;
    const at = join(this.#root, path);
    const found = await stat(at).catch(() => undefined);
    if (!found?.isFile()) return void response.writeHead(404).end();
    const state = `${path} ${found.ino} ${found.mtimeMs} ${found.ctimeMs}`;
    const bytes = async () => this.change(path, await this.#bytesOf(state, at));
    const etag = await this.#tagOf(state, path, bytes);
    if (headers['if-match'] !== undefined && headers['if-match'] !== etag)
      return void response.writeHead(412).end();
    const all = await bytes();
    const [from, end] = range ? [range[0], Math.min(range[1], all.length)] : [0, all.length];
    if (range && from >= all.length)
      return void response.writeHead(416, { 'content-range': `bytes */${all.length}` }).end();
    response.writeHead(range ? 206 : 200, {
      etag,
      'content-length': String(end - from),
      ...(range && { 'content-range': `bytes ${from}-${end - 1}/${all.length}` }),
    });
    if (method === 'HEAD') return void response.end();
    if (this.trickles(path)) trickle(all.subarray(from, end), response);
    else await this.#send(all.subarray(from, end), response);
  }

  async #send(bytes: Buffer, response: ServerResponse): Promise<void> {
    for (let at = 0; at < bytes.length; at += 262_144) {
      if (response.destroyed) return;
      if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
      const piece = bytes.subarray(at, at + 262_144);
      this.sent += piece.length;
      if (!response.write(piece)) await drained(response);
    }
    response.end();
  }

  /** Read once of each state. */
  async #bytesOf(state: string, at: string): Promise<Buffer> {
    const known = this.#read.get(state) ?? readFile(at);
    this.#read.set(state, known);
    return await known;
  }

  async #tagOf(key: string, path: string, bytes: () => Promise<Buffer>): Promise<string> {
    const known = this.#tags.get(key) ?? (await this.etag(path, bytes));
    this.#tags.set(key, known);
    return known;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#end();
  }
}

function trickle(bytes: Buffer, response: ServerResponse): void {
  let at = 0;
  const timer = setInterval(() => response.write(bytes.subarray(at, ++at)), 100);
  response.on('close', () => clearInterval(timer));
}

/** Or gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      response.off('drain', end).off('close', end);
      resolve();
    };
    response.on('drain', end).on('close', end);
  });
}

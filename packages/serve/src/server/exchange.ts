import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { Asked } from '../catalogue/released.js';
import { originForm } from '../http/path.js';
import { cut, type Response } from '../send/write.js';
import type { AccessRecord } from './options.js';

export type Request = IncomingMessage | Http2ServerRequest;

const LONGEST_PATH = 1024;
const LONGEST_METHOD = 32;

/** A request and its answer, and what is to be said of them once they are over. */
export class Exchange {
  readonly request: Request;
  readonly response: Response;
  readonly #remote: string | undefined;
  readonly #began = performance.now();
  readonly #time = new Date().toISOString();
  readonly #ending = new AbortController();
  readonly #onOver: (exchange: Exchange) => void;
  client: readonly string[] = [];
  asked: Asked | undefined;
  code: string | undefined;
  bytes = 0;
  #firstByte: number | undefined;

  constructor(request: Request, response: Response, onOver: (exchange: Exchange) => void) {
    this.request = request;
    this.response = response;
    this.#remote = remoteOf(request);
    this.#onOver = onOver;
    response.once('close', () => this.end());
    // Of a HEAD over HTTP/2 whose client has left, Node says so of the stream alone.
    if ('stream' in request) request.stream?.once('close', () => this.end());
    // What a client does to its connection is no failure of ours.
    response.on('error', () => {});
    request.on('error', () => {});
  }

  /** It is over. */
  end(): void {
    if (this.#ending.signal.aborted) return;
    // A client that has left without a word of ours.
    if (!this.response.writableFinished) this.code ??= 'ABORTED';
    this.#ending.abort();
    this.#onOver(this);
  }

  /** Fires when it is over. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** From the request to the head of the answer. */
  get firstByteMs(): number | undefined {
    return this.#firstByte;
  }

  head(status: number, headers: Readonly<Record<string, string | number>>): void {
    this.#firstByte = performance.now() - this.#began;
    (this.response as import('node:http').ServerResponse).writeHead(status, headers);
  }

  /** Nothing more of it can be true. */
  cut(code: string): void {
    this.code = code;
    cut(this.response);
  }

  get record(): AccessRecord {
    const { request, response, asked } = this;
    const target = originForm(request.url ?? '');
    return {
      time: this.#time,
      client: this.client,
      ...(this.#remote !== undefined && { remote: this.#remote }),
      method: request.method?.slice(0, LONGEST_METHOD),
      path: target.slice(0, LONGEST_PATH).replace(/[?#].*$/s, ''),
      protocol: request.httpVersion,
      status: this.#firstByte === undefined ? 0 : response.statusCode,
      bytes: this.bytes,
      ms: Math.round((performance.now() - this.#began) * 10) / 10,
      ...(asked && { model: asked.model, ...(asked.version !== undefined && { version: asked.version }) }),
      ...(this.code !== undefined && { code: this.code }),
    };
  }
}

/** The socket of a request of HTTP/2 is a stand-in, which throws once its session is over. */
function remoteOf({ socket }: Request): string | undefined {
  try {
    return socket.remoteAddress;
  } catch {
    return undefined;
  }
}

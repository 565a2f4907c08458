import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { Asked } from '../catalogue/released.js';
import { cut, type Response } from '../send/write.js';
import type { AccessRecord } from './options.js';

export type Request = IncomingMessage | Http2ServerRequest;

const LONGEST_PATH = 1024;

/** A request and its answer, and what is to be said of them once they are over. */
export class Exchange {
  readonly request: Request;
  readonly response: Response;
  readonly #began = performance.now();
  readonly #time = new Date().toISOString();
  readonly #ending = new AbortController();
  client: readonly string[] = [];
  asked: Asked | undefined;
  code: string | undefined;
  bytes = 0;
  #firstByte: number | undefined;

  constructor(request: Request, response: Response, onOver: (exchange: Exchange) => void) {
    this.request = request;
    this.response = response;
    let over = false;
    const once = () => {
      if (over) return;
      over = true;
      // A client that has left without a word of ours.
      if (!response.writableFinished) this.code ??= 'ABORTED';
      this.#ending.abort();
      onOver(this);
    };
    response.once('close', once);
    // Of a HEAD over HTTP/2 whose client has left, Node says so of the stream alone.
    if ('stream' in request) request.stream?.once('close', once);
    // What a client does to its connection is no failure of ours.
    response.on('error', () => {});
    request.on('error', () => {});
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
    const target = request.url ?? '';
    return {
      time: this.#time,
      client: this.client,
      method: request.method,
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

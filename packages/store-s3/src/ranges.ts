import { Readable } from 'node:stream';
import type { S3Client as SdkClient } from '@aws-sdk/client-s3';
import { openWire, type Wire, type WireAnswer } from '@weightseal/core';
import { Alike } from './alike.js';
import { TooLong } from './guarded-wire.js';
import { type Handler, originOf, queryOf, type Request } from './request.js';

type Response = Awaited<ReturnType<Handler['handle']>>['response'];

interface Sent {
  readonly request: Request;
  readonly answer: WireAnswer;
}

/** What the SDK hands on as a body must be a stream of Node's: it stands for the bytes, which are read past it. */
const bodies = new WeakMap<object, Sent>();
/** No error's XML is longer. */
const MAX_ERROR_BYTES = 1 << 20;

/** The answer that came over the wire, and what it was asked with, where this stands for one. */
export function overWire(body: unknown): Sent | undefined {
  return typeof body === 'object' && body !== null ? bodies.get(body) : undefined;
}

export interface Ranges {
  readonly alike: Alike;
  close(): void;
}

/**
 * Has a client's reads of ranges go over core's wire, which allocates nothing for what comes: the SDK signs them and understands the answers, as always. What goes through a proxy, and all that is no
 * read, stays with the SDK's own handler.
 */
export function readByWire(client: SdkClient, goesByProxy: (protocol: string) => boolean): Ranges {
  const inner = client.config.requestHandler;
  let opened: Promise<Wire> | undefined;
  const wire = () => (opened ??= openWire());
  const handle = async (request: Request, options: { readonly abortSignal?: unknown } = {}) => {
    if (!isRange(request) || goesByProxy(request.protocol)) return inner.handle(request, options);
    const signal = (options.abortSignal ?? new AbortController().signal) as AbortSignal;
    return { response: await responseOf(request, await (await wire()).get(requestOf(request), signal)) };
  };
  // All that it has besides: how it is ended, and what it is called.
  client.config.requestHandler = new Proxy(inner, {
    get: (target, name) => (name === 'handle' ? handle : bound(target, name)),
  });
  return {
    alike: new Alike(client.config, wire),
    close: () => void opened?.then((one) => one.close()),
  };
}

function bound(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === 'function' ? value.bind(target) : value;
}

function isRange({ method, headers }: Request): boolean {
  return method === 'GET' && Object.keys(headers).some((name) => name.toLowerCase() === 'range');
}

function requestOf(request: Request) {
  const [query, { path, headers }] = [queryOf(request), request];
  return { origin: originOf(request), path: query === '' ? path : `${path}?${query}`, headers };
}

async function responseOf(request: Request, answer: WireAnswer): Promise<Response> {
  const { status, headers } = answer;
  const body = status === 206 ? standIn({ request, answer }) : Readable.from([await whole(answer)]);
  return { statusCode: status, headers: Object.fromEntries(headers), body } as unknown as Response;
}

function standIn(sent: Sent): Readable {
  const body = Readable.from([]);
  bodies.set(body, sent);
  return body;
}

/** All of an answer that is no object. */
export async function whole(answer: WireAnswer): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of answer.body) {
    length += piece.length;
    if (length > MAX_ERROR_BYTES) throw new TooLong('The answer is too long.');
    pieces.push(Buffer.from(piece));
  }
  return Buffer.concat(pieces);
}

import { Readable } from 'node:stream';
import type { S3Client as SdkClient } from '@aws-sdk/client-s3';
import { openWire, type Wire, type WireAnswer } from '@weightseal/core';
import { TooLong } from './guarded-wire.js';

type Handler = SdkClient['config']['requestHandler'];
type Request = Parameters<Handler['handle']>[0];
type Response = Awaited<ReturnType<Handler['handle']>>['response'];

/** What the SDK hands on as a body must be a stream of Node's: it stands for the bytes, which are read past it. */
const bodies = new WeakMap<object, WireAnswer>();
/** No error's XML is longer. */
const MAX_ERROR_BYTES = 1 << 20;

/** The bytes of an answer that came over the wire, where this is one. */
export function wireAnswer(body: unknown): WireAnswer | undefined {
  return typeof body === 'object' && body !== null ? bodies.get(body) : undefined;
}

/**
 * Has a client's reads of ranges go over core's wire, which allocates nothing for what comes: the SDK signs them and understands the answers, as always. What goes through a proxy, and all that is no
 * read, stays with the SDK's own handler.
 */
export function readByWire(client: SdkClient, goesByProxy: (protocol: string) => boolean): () => void {
  const inner = client.config.requestHandler;
  let wire: Promise<Wire> | undefined;
  const handle = async (request: Request, options: { readonly abortSignal?: unknown } = {}) => {
    if (!isRange(request) || goesByProxy(request.protocol)) return inner.handle(request, options);
    wire ??= openWire();
    const signal = (options.abortSignal ?? new AbortController().signal) as AbortSignal;
    return { response: await responseOf(await (await wire).get(requestOf(request), signal)) };
  };
  // All that it has besides: how it is ended, and what it is called.
  client.config.requestHandler = new Proxy(inner, {
    get: (target, name) => (name === 'handle' ? handle : bound(target, name)),
  });
  return () => {
    void wire?.then((one) => one.close());
  };
}

function bound(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === 'function' ? value.bind(target) : value;
}

function isRange({ method, headers }: Request): boolean {
  return method === 'GET' && Object.keys(headers).some((name) => name.toLowerCase() === 'range');
}

function requestOf({ protocol, hostname, port, path, query, headers }: Request) {
  const origin = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
  const pairs = Object.entries(query as Readonly<Record<string, string | readonly string[] | null>>).flatMap(
    ([name, value]) =>
      value === null ? escaped(name) : [value].flat().map((one) => `${escaped(name)}=${escaped(one)}`),
  );
  return { origin, path: pairs.length > 0 ? `${path}?${pairs.join('&')}` : path, headers };
}

/** As it was signed. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

async function responseOf(answer: WireAnswer): Promise<Response> {
  const { status, headers } = answer;
  const body = status === 206 ? standIn(answer) : Readable.from([await whole(answer)]);
  return { statusCode: status, headers: Object.fromEntries(headers), body } as unknown as Response;
}

function standIn(answer: WireAnswer): Readable {
  const body = Readable.from([]);
  bodies.set(body, answer);
  return body;
}

async function whole(answer: WireAnswer): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of answer.body) {
    length += piece.length;
    if (length > MAX_ERROR_BYTES) throw new TooLong('The answer is too long.');
    pieces.push(Buffer.from(piece));
  }
  return Buffer.concat(pieces);
}

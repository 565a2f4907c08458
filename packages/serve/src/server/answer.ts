import type { WeightsealError } from '@weightseal/core';
import { authorise, type Grant, peerOf } from '@weightseal/transit';
import type { Catalogue, Item } from '../catalogue/catalogue.js';
import type { Digests } from '../catalogue/digests.js';
import { indexPieces, type Releases } from '../catalogue/list.js';
import { evaluate, rangeHolds } from '../http/conditions.js';
import { pathOf } from '../http/path.js';
import { rangeOf } from '../http/range.js';
import { busy, invalid, isAnother, notFound, problemBody, statusOf, tooMuch } from '../http/status.js';
import { etagOf, reprDigestOf } from '../http/tags.js';
import type { Root } from '../root/root.js';
import type { Pieces } from '../send/pieces.js';
import { send } from '../send/send.js';
import { written } from '../send/write.js';
import type { Connection } from './connections.js';
import type { Exchange } from './exchange.js';
import { namesOf } from './names.js';
import type { CheckedServer } from './options.js';

/** Of all clients: a list of a hundred thousand files is work for seconds. */
const LISTS_AT_ONCE = 8;
/** Of one client, so that none keeps the others from theirs. */
const LISTS_OF_ONE = 2;
const RETRY_SECONDS = 2;
const ALWAYS = {
  'cache-control': 'private, no-transform',
  'x-content-type-options': 'nosniff',
} as const;

export interface Parts {
  readonly options: CheckedServer;
  readonly root: Root;
  readonly catalogue: Catalogue;
  readonly releases: Releases;
  readonly digests: Digests;
  readonly pieces: Pieces;
}

/** What is answered to a request whose connection may be answered at all. */
export class Answers {
  readonly #parts: Parts;
  #lists = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @throws what is refused, before anything of the answer was sent; after that, what the answer is to be cut for */
  async give(exchange: Exchange, { client }: Connection): Promise<void> {
    const { options, catalogue } = this.#parts;
    const { request, signal } = exchange;
    const { rules, development, tls } = options;
    const { socket } = request.httpVersionMajor === 2 ? sessionOf(exchange) : request;
    const peer = peerOf(socket);
    // For the log, where no rule names it.
    exchange.client = namesOf(peer);
    const grant = authorise(peer, rules, {
      revocation: tls.revocation,
      allowDevelopment: development,
    });
    exchange.client = grant.names;
    const path = pathOf(request.url ?? '');
    if (path === undefined) throw notFound();
    if (path === '') return await this.#list(exchange, grant, client);
    const item = await catalogue.resolve(path, signal);
    if (!item) throw notFound();
    await using _found = item.found;
    const { model, version } = item.asked;
    exchange.asked = item.asked;
    // Judged once more, by what it is: this says why not, in the words of the rules.
    if (!grant.allows(model, version))
      authorise(peer, rules, { model, version, allowDevelopment: development });
    const sha256 = await catalogue.digest(path, item, { signal, client });
    if (sha256 === undefined) throw notFound();
    await this.#file(exchange, item, sha256, client.rate);
  }

  async #file(
    exchange: Exchange,
    { found, type }: Item,
    sha256: string,
    rate: Connection['client']['rate'],
  ): Promise<void> {
    const { options, pieces } = this.#parts;
    const { request, response, signal } = exchange;
    const { headers, method } = request;
    const etag = etagOf(sha256);
    const { size, modified } = found;
    const same = {
      ...ALWAYS,
      etag,
      ...(modified !== undefined && { 'last-modified': new Date(modified).toUTCString() }),
    };
    const current = { etag, modified, now: Date.now() };
    const outcome = evaluate(headers, current);
    if (outcome === 'failed') return refuse(exchange, isAnother(), { status: 412, headers: same });
    if (outcome === 'not modified') {
      exchange.head(304, same);
      response.end();
      return;
    }
    const all = {
      'accept-ranges': 'bytes',
      'content-type': type,
      'repr-digest': reprDigestOf(sha256),
      ...same,
    };
    // §14.2: of HEAD a range says nothing.
    const range = method === 'GET' && rangeHolds(headers, current) ? rangeOf(headers.range, size) : undefined;
    if (range === 'unsatisfiable') {
      const about = { ...same, 'content-range': `bytes */${size}` };
      return refuse(exchange, invalid(`The file has ${size} bytes.`), { status: 416, headers: about });
    }
    const { start, end } = range ?? { start: 0, end: size };
    const about = range ? { 'content-range': `bytes ${start}-${end - 1}/${size}` } : {};
    exchange.head(range ? 206 : 200, { ...all, ...about, 'content-length': end - start });
    if (method === 'GET') {
      const onBytes = (bytes: number) => {
        exchange.bytes += bytes;
      };
      await send(
        response,
        found,
        { start, end },
        { pieces, rate, stallMs: options.limits.stallMs, signal, onBytes },
      );
    }
    response.end();
  }

  async #list(exchange: Exchange, grant: Grant, client: Connection['client']): Promise<void> {
    const { releases, options } = this.#parts;
    const { request, response, signal } = exchange;
    if (client.lists >= LISTS_OF_ONE) throw tooMuch('Lists for this client are being made at the moment');
    if (this.#lists >= LISTS_AT_ONCE) throw busy('Several lists are being made at the moment');
    const head = () => exchange.head(200, { ...ALWAYS, 'content-type': 'application/json' });
    if (request.method === 'HEAD') {
      head();
      response.end();
      return;
    }
    this.#lists++;
    client.lists++;
    try {
      for (const piece of indexPieces(await releases.all(signal), grant)) {
        if (!response.headersSent) head();
        // Who does not read keeps nobody else from a list.
        this.#lists--;
        await written(response, piece, options.limits.stallMs, signal).finally(() => this.#lists++);
        exchange.bytes += Buffer.byteLength(piece);
      }
      response.end();
    } finally {
      this.#lists--;
      client.lists--;
    }
  }
}

function sessionOf({ request }: Exchange): { readonly socket: import('node:net').Socket } {
  const { stream } = request as import('node:http2').Http2ServerRequest;
  return { socket: stream.session!.socket as import('node:net').Socket };
}

interface Refusing {
  /** Whether the connection ends with it. */
  readonly last?: boolean | undefined;
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, string | number>>;
}

/** Tells why not. */
export function refuse(
  exchange: Exchange,
  error: WeightsealError,
  { last, status = statusOf(error), headers }: Refusing,
): void {
  const { request, response } = exchange;
  const body = problemBody(error);
  exchange.code = error.code;
  exchange.head(status, {
    ...ALWAYS,
    ...headers,
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    ...((status === 503 || status === 429) && { 'retry-after': RETRY_SECONDS }),
    ...(status === 405 && { allow: 'GET, HEAD' }),
    ...(last && request.httpVersionMajor === 1 && { connection: 'close' }),
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  exchange.bytes = Buffer.byteLength(body);
  response.end(body);
}

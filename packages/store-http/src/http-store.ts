import {
  abortedError,
  checkRange,
  exactly,
  type ObjectBody,
  type ObjectRange,
  type ObjectStore,
  type RangeAnswer,
  replaced,
  type StoreCall,
  type StoredObject,
  splitStoreUri,
  type WeightsealError,
} from '@weightseal/core';
import { Connections } from './connections.js';
import { brokenOff, invalidAnswer, refused } from './errors.js';
import { Follower } from './follow.js';
import { checkedOptions, type HttpStoreOptions, invalid } from './options.js';
import { pathOf } from './path.js';
import { Secrets } from './secrets.js';
import type { Incoming } from './send.js';
import { conditionOf, versionOf } from './version.js';

const MOST_REDIRECTS = 5;
/** As it lies there: no proxy is to encode it, none to change it. */
const ALWAYS = {
  accept: '*/*',
  'accept-encoding': 'identity',
  'cache-control': 'no-transform',
  'user-agent': 'weightseal',
};
/** Not every server answers to HEAD, and a URL may be signed for GET alone. */
const NO_HEAD = [400, 401, 403, 404, 405, 501];

/**
 * What a web server serves, as a store that can only be read.
 *
 * @param url `https://host[:port]`; `http:` for this machine only
 * @throws STORE_URI_INVALID, INVALID_ARGUMENT
 */
export function createHttpStore(url: string, options: HttpStoreOptions = {}): ObjectStore {
  return new HttpStore(url, checkedOptions(options));
}

/** Not exported by the package: what it is besides a store is for packages of ours. */
export class HttpStore implements ObjectStore {
  readonly uri: string;
  readonly requestBytes = 4_194_304;
  readonly #connections: Connections;
  readonly #follower: Follower;
  readonly #version: (answer: RangeAnswer) => string | undefined;

  constructor(url: string, options: HttpStoreOptions) {
    const scheme = /^http:/.test(url) ? 'http' : 'https';
    const { authority, key } = splitStoreUri(url, scheme, { authority: 'host' });
    if (key !== '') throw invalid('it is of a whole host; a path in it is the key of what is read');
    this.uri = `${scheme}://${authority}`;
    this.#connections = new Connections(this.uri, options);
    const { redirects = MOST_REDIRECTS, allowUnpinned = false } = options;
    this.#follower = new Follower(this.uri, this.#connections, new Secrets(options), redirects);
    this.#version = (answer) => versionOf(answer, allowUnpinned);
  }

  async stat(key: string, call: StoreCall): Promise<StoredObject> {
    const where = this.#where(key);
    const incoming = await this.#ask('HEAD', key, {}, call);
    incoming.drop();
    const { status } = incoming;
    askedToWait(incoming, call);
    if (status === 200) {
      const found = this.#headed(key, incoming);
      if (found !== undefined) return found;
    } else if (!NO_HEAD.includes(status)) throw refused(where, status);
    const { object, body } = await this.read(key, { offset: 0, length: 1 }, call);
    // One byte, so that the connection can be used again.
    for await (const _ of body);
    return object;
  }

  async read(key: string, range: ObjectRange, call: StoreCall): Promise<ObjectBody> {
    const { offset, length, version } = range;
    const where = this.#where(key);
    const last = offset + length - 1;
    const headers = { range: `bytes=${offset}-${last}`, ...conditionOf(version) };
    const incoming = await this.#ask('GET', key, headers, call);
    askedToWait(incoming, call);
    try {
      const object = this.#ranged(key, range, incoming, where);
      const expected = Math.max(0, Math.min(length, object.size - offset));
      return { object, body: exactly(incoming.body, expected, where, this.#failure(where, call)) };
    } catch (error) {
      incoming.drop();
      throw error;
    }
  }

  /** The body of an answer that is taken as it is. @throws like `read` */
  async whole(key: string, call: StoreCall): Promise<AsyncIterable<Uint8Array>> {
    const incoming = await this.#ask('GET', key, {}, call);
    askedToWait(incoming, call);
    const where = this.#where(key);
    if (incoming.status === 200) return told(incoming.body, this.#failure(where, call));
    incoming.drop();
    throw refused(where, incoming.status);
  }

  /** What the body of an answer failed with. */
  #failure(where: string, { signal }: StoreCall): (error: unknown) => WeightsealError {
    return (error) =>
      signal.aborted ? abortedError(signal) : brokenOff(error, where, this.#connections.refusalOf(error));
  }

  async close(): Promise<void> {
    this.#connections.close();
  }

  #where(key: string): string {
    return `${this.uri}${pathOf(key)}`;
  }

  #ask(
    method: 'GET' | 'HEAD',
    key: string,
    headers: Readonly<Record<string, string>>,
    { signal }: StoreCall,
  ) {
    return this.#follower.ask({ method, path: pathOf(key), headers: { ...ALWAYS, ...headers } }, signal);
  }

  /** What an answer to HEAD says, if that is enough. */
  #headed(key: string, incoming: Incoming): StoredObject | undefined {
    const answer = answerOf(incoming);
    const length = answer.header('content-length') ?? '';
    const encoding = answer.header('content-encoding') ?? 'identity';
    const version = this.#version(answer);
    if (!/^\d{1,15}$/.test(length) || encoding !== 'identity' || version === undefined) return undefined;
    return { key, size: Number(length), version, ...modifiedOf(answer) };
  }

  #ranged(key: string, range: ObjectRange, incoming: Incoming, where: string): StoredObject {
    const answer = answerOf(incoming);
    const { status, header } = answer;
    const size = sizeWithoutRange(answer);
    if (size !== undefined && range.offset >= size) {
      const told = this.#version(answer);
      if (told !== undefined && range.version !== undefined && told !== range.version) throw replaced(where);
      // Servers tell less where they refuse: that it is another they would have said by 412. What is empty is the same whenever it is.
      const version = told ?? range.version ?? (size === 0 ? 'empty' : undefined);
      if (version === undefined) throw invalidAnswer(where, 'does not say which version it is of');
      return { key, size, version, ...modifiedOf(answer) };
    }
    if (status !== 206 && status !== 200) throw refused(where, status);
    // Taken for a whole one it would be another object's.
    if (/^multipart\//i.test(header('content-type') ?? '') && header('content-range') === undefined)
      throw invalidAnswer(where, 'is of several ranges, and one was asked for');
    return checkRange(key, range, answer, where, this.#version);
  }
}

async function* told(
  body: AsyncIterable<Uint8Array>,
  failure: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* body;
  } catch (error) {
    throw failure(error);
  }
}

/** The size that an answer tells which has no bytes: of an empty object there is no range (RFC 9110 §15.5.17). */
function sizeWithoutRange({ status, header }: RangeAnswer): number | undefined {
  if (status === 200 && header('content-length') === '0') return 0;
  const found = status === 416 ? /^bytes \*\/(\d{1,15})$/.exec(header('content-range') ?? '') : null;
  return found ? Number(found[1]) : undefined;
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function askedToWait({ status, header }: Incoming, { later }: StoreCall): void {
  if (status !== 429 && status !== 503) return;
  const said = header('retry-after')?.trim() ?? '';
  const ms = /^\d{1,9}$/.test(said) ? Number(said) * 1000 : Date.parse(said) - Date.now();
  if (ms > 0) later?.(ms);
}

function answerOf({ status, header }: Incoming): RangeAnswer {
  return { status, header };
}

function modifiedOf({ header }: RangeAnswer): Pick<StoredObject, 'modified'> {
  const at = new Date(header('last-modified') ?? Number.NaN);
  return Number.isNaN(at.getTime()) ? {} : { modified: at.toISOString() };
}

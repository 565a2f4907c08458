import { isLoopback } from '@weightseal/core';
import type { Connections } from './connections.js';
import { invalidAnswer } from './errors.js';
import type { Secrets } from './secrets.js';
import { type Incoming, type Sent, send } from './send.js';

const REDIRECTS = [301, 302, 303, 307, 308];
/** Of those that a CDN signs for some minutes or hours, and of memory. */
const KEPT_MS = 30_000;
const MOST_KEPT = 10_000;
/** A place that was led to, and that no longer answers as it did. */
const GONE = [400, 401, 403, 404, 410];

export interface Asked extends Omit<Sent, 'url' | 'isOwn'> {
  readonly path: string;
}

/**
 * Asks the store's own host, and whom it leads to. Credentials go to the host that they were given for, and no further, also not when a redirect comes back to it. Where one led to is
 * remembered for half a minute, so that the ranges of an object take one round trip each.
 */
export class Follower {
  readonly #kept = new Map<string, { readonly url: URL; readonly until: number }>();
  readonly #own: string;
  readonly #connections: Connections;
  readonly #secrets: Secrets;
  readonly #most: number;

  constructor(own: string, connections: Connections, secrets: Secrets, most: number) {
    this.#own = own;
    this.#connections = connections;
    this.#secrets = secrets;
    this.#most = most;
  }

  async ask(asked: Asked, signal: AbortSignal): Promise<Incoming> {
    const kept = this.#remembered(asked.path);
    if (kept !== undefined) {
      const where = `${kept.origin}, which ${this.#own} leads to,`;
      const incoming = await send(
        this.#connections,
        { ...asked, url: kept, isOwn: false },
        where,
        signal,
      ).catch((error) => {
        this.#kept.delete(asked.path);
        throw error;
      });
      if (!GONE.includes(incoming.status) && !REDIRECTS.includes(incoming.status)) return incoming;
      this.#kept.delete(asked.path);
      incoming.drop();
    }
    return this.#walk(asked, signal);
  }

  async #walk({ method, path, headers }: Asked, signal: AbortSignal): Promise<Incoming> {
    const { headers: secret, query } = await this.#secrets.get(signal);
    let url = new URL(`${this.#own}${path}${query}`);
    let isOwn = true;
    for (let left = this.#most; ; left--) {
      const where = isOwn ? `${this.#own}${path}` : `${url.origin}, which ${this.#own} leads to,`;
      const all = isOwn ? { ...secret, ...headers } : headers;
      const incoming = await send(this.#connections, { method, url, headers: all, isOwn }, where, signal);
      if (!REDIRECTS.includes(incoming.status)) {
        if (!isOwn) this.#keep(path, url);
        return incoming;
      }
      incoming.drop();
      if (left <= 0) throw invalidAnswer(where, `leads elsewhere, more than ${this.#most} times`);
      url = next(url, incoming.header('location'), where);
      isOwn &&= url.origin === this.#own;
    }
  }

  #remembered(path: string): URL | undefined {
    const kept = this.#kept.get(path);
    if (kept && performance.now() < kept.until) return kept.url;
    this.#kept.delete(path);
    return undefined;
  }

  #keep(path: string, url: URL): void {
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    this.#kept.set(path, { url, until: performance.now() + KEPT_MS });
  }
}

/** Where a redirect leads, where it may. Its URL may be signed, so that only its host is ever told. */
function next(from: URL, location: string | undefined, where: string): URL {
  if (!location || !URL.canParse(location, from.href))
    throw invalidAnswer(where, 'leads elsewhere, and not where');
  const to = new URL(location, from);
  if (to.username !== '' || to.password !== '')
    throw invalidAnswer(where, 'leads to a URL with a user name or a password');
  const onThisMachine = isLoopback(to.hostname);
  // A server elsewhere would have us ask what only this machine can reach.
  if (onThisMachine && !isLoopback(from.hostname)) throw invalidAnswer(where, 'leads to this machine');
  const isPlain = to.protocol === 'http:' && onThisMachine && from.protocol === 'http:';
  if (to.protocol !== 'https:' && !isPlain)
    throw invalidAnswer(where, 'leads to where there is no https, and is not followed');
  return to;
}

import { WeightsealError } from '../errors.js';
import { able, type StoreLocation, uriOf } from './location.js';
import type { Listed } from './object-store.js';
import { requestsOf } from './request.js';

/** So many are asked for before anybody is given one: a timer for each would take longer than all else. */
const TOGETHER = 256;

/** A listing under way. */
interface Walk {
  readonly items: AsyncIterator<Listed>;
  readonly ending: AbortController;
  /** It began anew: what comes up to here has been given already. */
  readonly after: Buffer | undefined;
  /** What came last. */
  last: Buffer | undefined;
}

/** What has been given of a listing. */
interface Given {
  last: Buffer | undefined;
  /** Some stores have an order of their own (directory buckets, accounts with a hierarchy). */
  ordered: boolean;
}

/**
 * What is below a place, in the order of the keys, as it comes: memory stays the same however much that is. A listing that fails half-way begins anew, and goes on where it was; one that has
 * another order cannot.
 *
 * @throws STORE_UNSUPPORTED where the store lists nothing, STORE_RESPONSE_INVALID for what is not below it or comes twice, ABORTED, and the other codes of class `store`
 * @hidden
 */
export async function* eachListed(
  location: StoreLocation,
  options: { readonly oneLevel: boolean },
  signal: AbortSignal | undefined,
): AsyncGenerator<Listed, void, undefined> {
  const list = able(location.store, 'list');
  const requests = requestsOf(location);
  const prefix = location.key === '' ? '' : `${location.key}/`;
  let walk: Walk | undefined;
  const given: Given = { last: undefined, ordered: true };
  const begin = (): Walk => {
    if (!given.ordered) throw unordered(location);
    const ending = new AbortController();
    const items = list(prefix, options, { signal: ending.signal });
    return { items: items[Symbol.asyncIterator](), ending, after: given.last, last: undefined };
  };
  try {
    for (let over = false; !over; ) {
      const some = await requests.run(`list ${uriOf(location)}`, signal, async (call) => {
        walk ??= begin();
        const own = walk;
        const stop = () => {
          own.ending.abort(call.signal.reason);
          if (walk === own) walk = undefined;
        };
        call.signal.addEventListener('abort', stop, { once: true });
        try {
          return await take(own, given, location, () => call.progress());
        } catch (error) {
          stop();
          throw error;
        } finally {
          call.signal.removeEventListener('abort', stop);
        }
      });
      const end = some.items.at(-1);
      if (end) given.last = bytesOf(end);
      over = some.over;
      yield* some.items;
    }
  } finally {
    walk?.ending.abort();
  }
}

async function take(
  walk: Walk,
  given: Given,
  location: StoreLocation,
  progress: () => void,
): Promise<{ readonly items: readonly Listed[]; readonly over: boolean }> {
  const prefix = location.key === '' ? '' : `${location.key}/`;
  const found: Listed[] = [];
  while (found.length < TOGETHER) {
    const { value, done } = await walk.items.next();
    progress();
    if (done) return { items: found, over: true };
    if (!nameOf(value).startsWith(prefix)) throw wrong(location, 'names what is not below it');
    const bytes = bytesOf(value);
    const order = walk.last === undefined ? 1 : Buffer.compare(bytes, walk.last);
    // A level may be named on two pages; an object that is, is on pages without end.
    if (order === 0 && 'prefix' in value) continue;
    if (order === 0) throw wrong(location, 'names the same twice');
    if (order < 0) given.ordered = false;
    if (walk.after !== undefined && !given.ordered) throw unordered(location);
    walk.last = bytes;
    if (walk.after === undefined || Buffer.compare(bytes, walk.after) > 0) found.push(value);
  }
  return { items: found, over: false };
}

/** What a store orders by. */
function bytesOf(listed: Listed): Buffer {
  return Buffer.from(nameOf(listed));
}

function nameOf(listed: Listed): string {
  return 'prefix' in listed ? listed.prefix : listed.key;
}

function unordered(location: StoreLocation): WeightsealError {
  return wrong(location, 'broke off, and comes in no order in which it could go on');
}

function wrong(location: StoreLocation, what: string): WeightsealError {
  return new WeightsealError(
    'STORE_RESPONSE_INVALID',
    `What ${location.store.uri} lists below ${uriOf(location)} ${what}. Check the endpoint and proxies, and try again.`,
  );
}

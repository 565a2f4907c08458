import { able, type StoreLocation, uriOf } from './location.js';
import type { Listed } from './object-store.js';
import { requestsOf } from './request.js';

/** So many are asked for before anybody is given one: a timer for each would take longer than all else. */
const TOGETHER = 256;

/** A listing under way. */
interface Walk {
  readonly items: AsyncIterator<Listed>;
  readonly ending: AbortController;
}

/**
 * What is below a place, in the order of the keys, as it comes: memory stays the same however much that is. A listing that fails half-way begins anew, and goes on where it was.
 *
 * @throws STORE_UNSUPPORTED where the store lists nothing, ABORTED, and the codes of class `store`
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
  let last: Buffer | undefined;
  const begin = (): Walk => {
    const ending = new AbortController();
    const items = list(prefix, options, { signal: ending.signal });
    return { items: items[Symbol.asyncIterator](), ending };
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
          return await take(own, last, () => call.progress());
        } catch (error) {
          stop();
          throw error;
        } finally {
          call.signal.removeEventListener('abort', stop);
        }
      });
      const end = some.items.at(-1);
      if (end) last = bytesOf(end);
      over = some.over;
      yield* some.items;
    }
  } finally {
    walk?.ending.abort();
  }
}

async function take(
  { items }: Walk,
  after: Buffer | undefined,
  progress: () => void,
): Promise<{ readonly items: readonly Listed[]; readonly over: boolean }> {
  const found: Listed[] = [];
  while (found.length < TOGETHER) {
    const { value, done } = await items.next();
    progress();
    if (done) return { items: found, over: true };
    if (after === undefined || Buffer.compare(bytesOf(value), after) > 0) found.push(value);
  }
  return { items: found, over: false };
}

/** What a store orders by. */
function bytesOf(listed: Listed): Buffer {
  return Buffer.from('prefix' in listed ? listed.prefix : listed.key);
}

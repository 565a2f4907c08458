import { isStoreUri, STORE_SCHEMES, storeMeant, storeSchemeOf } from '@weightseal/stores';
import { isTooDeep, MAX_DEPTH } from './check-providers.js';
import type { ProfileInput } from './define.js';
import type { Path, Problem } from './source.js';

/** What would go to every host, or to every account, that is named anywhere. */
const OF_ONE: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  https: ['HOST', ['headers', 'query', 'tls']],
  http: ['HOST', ['headers', 'query']],
  az: ['ACCOUNT', ['sasToken', 'accountKey']],
};
const SECRETS = /[?#@\s]/;
const HOLDS_SECRET =
  'has a name with what no URI of a store has: a query, a fragment, a user name, a blank; signatures are its `query`.';

/**
 * What `stores` says that cannot be. Options are their package's to know, and are seen when a store is used.
 *
 * @param others schemes that others have providers for
 */
export function badStores({ stores = {} }: ProfileInput, path: Path, others: readonly string[]): Problem[] {
  const schemes = [...STORE_SCHEMES, ...others];
  return Object.entries(stores).flatMap(([of, options]): Problem[] => {
    const at = [...path, 'stores', of];
    // Not repeated: it is a signature, or a password.
    if (SECRETS.test(of)) return [{ path: at.slice(0, -1), part: 'name', text: HOLDS_SECRET }];
    const wrong = nameProblem(of, schemes);
    if (wrong !== undefined) return [{ path: at, part: 'name', text: wrong }];
    if (isTooDeep(options))
      return [{ path: at, text: `is nested in itself, or deeper than ${MAX_DEPTH} levels.` }];
    const [one = '', names = []] = Object.hasOwn(OF_ONE, of) ? OF_ONE[of]! : [];
    const open = names.find((name) => Object.hasOwn(options, name));
    if (open === undefined) return [];
    const text = `would go to every ${one.toLowerCase()}; say it of one: "${of}://${one}".`;
    return [{ path: [...at, open], text }];
  });
}

function nameProblem(of: string, schemes: readonly string[]): string | undefined {
  const isUri = isStoreUri(of);
  const scheme = isUri ? storeSchemeOf(of) : of;
  if (scheme === undefined || !schemes.includes(scheme)) {
    const meant = storeMeant(/^[^:]{0,64}/.exec(of)![0], schemes);
    const known = `known are ${schemes.join(', ')}, and what begins with one of them and ://`;
    return `is no scheme of stores, nor the beginning of a store's URI; ${meant === undefined ? `${known}.` : `did you mean ${meant}?`}`;
  }
  if (!isUri) return undefined;
  const rest = of.slice(scheme.length + 3);
  return /^\/|\/\//.test(rest) || rest === '' ? 'has an empty name in it.' : undefined;
}

import { WeightsealError } from '../errors.js';
import { isLoopback } from '../keys/key-uri.js';

// The grammar of docs/stores/uris.md. No message repeats a URI, because what was put there by mistake may be a secret.

/** What names the store in a URI: a bucket, a container of an account, or a host with its port. */
export type StoreAuthority = 'bucket' | 'account/container' | 'host';

/** What a URI of a store says. */
export interface StoreUriParts {
  /** As the kind has it: `models`, `account/container`, `models.example.com:8443`. The store's own URI is the scheme, `://`, and this. */
  readonly authority: string;
  /** Names with `/` between them; empty for all of the store. Of a host as it stands in a request, with escapes. */
  readonly key: string;
}

const LONGEST = 4096;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/;
/** Azure's own are `$root`, `$web` and `$logs`. */
const CONTAINER = /^\$?[A-Za-z0-9][A-Za-z0-9-]{0,62}$/;

/**
 * Takes a store's URI apart, purely.
 *
 * @param scheme what stands before the first colon, for example `s3`
 * @throws STORE_URI_INVALID
 */
export function splitStoreUri(
  uri: string,
  scheme: string,
  { authority }: { readonly authority: StoreAuthority },
): StoreUriParts {
  const refuse = (what: string) =>
    new WeightsealError('STORE_URI_INVALID', `A store's URI of ${scheme}: ${what} (weightseal help stores).`);
  if (typeof uri !== 'string') throw refuse('must be text');
  const start = `${scheme}://`;
  if (!uri.startsWith(start)) throw refuse(`must start with ${start}`);
  if (uri.length > LONGEST) throw refuse(`must have at most ${LONGEST} characters`);
  const problem = wrongText(uri.slice(start.length));
  if (problem !== undefined) throw refuse(problem);
  const [first = '', ...rest] = uri.slice(start.length).split('/');
  if (first.includes('@'))
    throw refuse('must hold no user name or password; credentials are configuration, never part of a URI');
  const names = rest.at(-1) === '' ? rest.slice(0, -1) : rest;
  const wrong = names.map(wrongName).find((one) => one !== undefined);
  if (wrong !== undefined) throw refuse(wrong);
  if (authority === 'host') return ofHost(first, names, scheme, refuse);
  if (!NAME.test(first)) throw refuse(first === '' ? `names no ${NAMED[authority]}` : NO_NAME[authority]);
  if (authority === 'bucket') return { authority: first, key: names.join('/') };
  const [container, ...blob] = names;
  if (container === undefined) throw refuse('names no container: it is az://ACCOUNT/CONTAINER/BLOB');
  if (!CONTAINER.test(container)) throw refuse('has a container that cannot be one');
  return { authority: `${first}/${container}`, key: blob.join('/') };
}

const NAMED = { bucket: 'bucket', 'account/container': 'account' } as const;
const NO_NAME = {
  bucket: 'has a bucket that cannot be one: letters, digits, and . _ -',
  'account/container': 'has an account that cannot be one; no host stands there, but the name alone',
} as const;

function wrongText(rest: string): string | undefined {
  if (rest.includes('?'))
    return 'must have no query (?): signed URLs and tokens are configuration, never part of a URI';
  if (rest.includes('#')) return 'must have no fragment (#)';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\0-\x1f\x7f-\x9f\u2028\u2029]/.test(rest)) return 'must hold no control characters';
  return rest.isWellFormed() ? undefined : 'must be Unicode';
}

function wrongName(name: string): string | undefined {
  if (name === '') return 'must have no empty names (//)';
  return name === '.' || name === '..' ? 'must have no . and .. among its names' : undefined;
}

/** What a browser would ask for, so far as that is what stands there: it has its own ideas of `\` and of escaped dots. */
function ofHost(
  host: string,
  names: readonly string[],
  scheme: string,
  refuse: (what: string) => WeightsealError,
): StoreUriParts {
  if (names.some((name) => name.includes('\\') || /^(?:\.|%2e){1,2}$/i.test(name)))
    throw refuse('must have no \\ and no . and .. among its names, escaped or not');
  // Bytes that are no text in a server's log, and names that end in a server's path.
  if (names.some((name) => /%(?:00|2f|5c)/i.test(name)))
    throw refuse('must have no escaped slashes and NUL bytes');
  const path = `${scheme}://${host}/${names.join('/')}`;
  if (host === '' || /[\\%\s]/.test(host) || !URL.canParse(path)) throw refuse('names no host');
  const { host: authority, hostname, pathname } = new URL(path);
  if (scheme === 'http' && !isLoopback(hostname))
    throw refuse('goes to this machine only (127.0.0.1, [::1], localhost); use https:');
  return { authority, key: pathname.slice(1) };
}

/**
 * Whether a text is meant as the URI of a store, and not as a path: it begins with a scheme and `://`. Of which scheme, and whether that is one, is seen when it is used.
 *
 * @hidden
 */
export function isStoreUri(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Za-z][A-Za-z0-9+.-]+:\/\//.test(text);
}

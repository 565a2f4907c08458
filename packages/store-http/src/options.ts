import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { ConnectionOptions } from 'node:tls';
import { checkOptions, type Kind, WeightsealError } from '@weightseal/core';

/** A secret, or where it lies: it is looked for when it is used, and again later, so that it can be renewed. */
export type HttpSecret = string | { readonly env: string } | { readonly file: string };

/** PEM: the path of a file of it, its `file:` URL, or its text. */
export type TlsPem = string | URL | { readonly pem: string | Uint8Array };

/** The client's own certificate, and whom it trusts: what `@weightseal/transit` takes of a client. Files are looked at again and again; what is renewed is used for new connections. */
export interface HttpTlsFiles {
  /** The own certificate, and behind it those of the authorities between it and its root. */
  readonly certificate: TlsPem;
  /** Its private key, in a file that nobody else can reach. */
  readonly key: TlsPem;
  readonly passphrase?: Uint8Array | { readonly file: string | URL } | undefined;
  /** The roots by which the server is trusted: these, and no others. */
  readonly ca: TlsPem;
  /** Lists of revoked certificates, one of each of these roots. */
  readonly crl?: TlsPem | undefined;
  /** Names that the server must have, instead of the one in the URI: `spiffe://prod/models`, `dns:…`. */
  readonly serverNames?: readonly string[] | undefined;
  /** Whether certificates of `weightseal dev-ca` are taken; the default is false. */
  readonly allowDevelopment?: boolean | undefined;
  /** Whether the key's file may be another user's; the default is false. */
  readonly allowKeyOfOthers?: boolean | undefined;
}

/** Certificates on both sides; or what gives options of `tls.connect`, asked before each request. */
export type HttpTls =
  | HttpTlsFiles
  | ((signal: AbortSignal) => ConnectionOptions | Promise<ConnectionOptions>);

export interface HttpStoreOptions {
  /** Fields for each request to the store's own host, for example `{ authorization: 'Bearer …' }`; or what gets them, asked for each request. They follow no redirect to another host. */
  readonly headers?:
    | Readonly<Record<string, HttpSecret>>
    | ((signal: AbortSignal) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>)
    | undefined;
  /** What stands after the `?` of each request to the store's own host: a signature, a SAS token. */
  readonly query?: HttpSecret | undefined;
  /** Whom to trust for the store's own host, instead of the authorities of Node and NODE_EXTRA_CA_CERTS: PEM, or the path of a file of it. */
  readonly ca?: string | Uint8Array | undefined;
  /** A certificate for the store's own host, and whom to trust there: TLS 1.3 with certificates on both sides. Instead of `ca`. Needs `@weightseal/transit`, unless it is a function. */
  readonly tls?: HttpTls | undefined;
  /** The proxy to go through by `CONNECT`, or false for none; what HTTPS_PROXY and NO_PROXY say unless told. */
  readonly proxy?: string | false | undefined;
  /** How many redirects are followed for a read, from 0 to 5; 5 unless told. */
  readonly redirects?: number | undefined;
  /** Whether what has neither a strong ETag nor a Last-Modified is read, though nothing tells when it is replaced; the default is false. */
  readonly allowUnpinned?: boolean | undefined;
  /** The most connections to one host at once; 64 unless told. */
  readonly connections?: number | undefined;
  /** Where relative paths count from; the working directory unless told. */
  readonly directory?: string | undefined;
}

export const KINDS: Readonly<Record<keyof HttpStoreOptions, Kind>> = {
  headers: 'any',
  query: 'any',
  ca: 'string or bytes',
  tls: 'any',
  proxy: 'any',
  redirects: 'any',
  allowUnpinned: 'boolean',
  connections: 'any',
  directory: 'string',
};

/** They are the store's own to say. */
const OURS = [
  'range',
  'if-match',
  'if-unmodified-since',
  'if-range',
  'accept-encoding',
  'host',
  'connection',
];
const FRAMING = ['content-length', 'transfer-encoding', 'expect', 'upgrade', 'te', 'trailer'];

/** @throws INVALID_ARGUMENT */
export function checkedOptions(options: HttpStoreOptions): HttpStoreOptions {
  checkOptions(options, KINDS, 'A store over https');
  const { headers, query, proxy, redirects, connections } = options;
  if (typeof headers === 'object' && headers !== null)
    for (const [name, value] of Object.entries(headers)) {
      checkName(name);
      if (!isSecret(value)) throw invalid(`the header ${name} is a string, { env } or { file }`);
      if (typeof value === 'string') checkValue(name, value);
    }
  else if (headers !== undefined && typeof headers !== 'function')
    throw invalid('`headers` is an object, or a function that gets one');
  if (query !== undefined && !isSecret(query)) throw invalid('`query` is a string, { env } or { file }');
  if (proxy !== undefined && proxy !== false && !isProxy(proxy))
    throw invalid('`proxy` is the URL of a proxy, http://host:port, or false for none');
  checkTls(options);
  checkWhole('redirects', redirects, 0, 5);
  checkWhole('connections', connections, 1, 1024);
  return options;
}

const TLS_KINDS: Readonly<Record<keyof HttpTlsFiles, Kind>> = {
  certificate: 'any',
  key: 'any',
  passphrase: 'any',
  ca: 'any',
  crl: 'any',
  serverNames: 'strings',
  allowDevelopment: 'boolean',
  allowKeyOfOthers: 'boolean',
};

/** What the files hold is seen when they are read. */
function checkTls({ tls, ca }: HttpStoreOptions): void {
  if (tls === undefined) return;
  if (ca !== undefined) throw invalid('whom to trust says `ca` or `tls`, and not both');
  if (typeof tls === 'function') return;
  if (typeof tls !== 'object' || tls === null)
    throw invalid('`tls` is an object with certificate, key and ca, or a function that gets options of TLS');
  checkOptions(tls, TLS_KINDS, '`tls` of a store over https');
  for (const name of ['certificate', 'key', 'ca'] as const)
    if (tls[name] === undefined)
      throw invalid(`\`tls\` needs ${name}: both sides show a certificate, and know whom they trust`);
}

/** @throws INVALID_ARGUMENT */
export function checkName(name: string): void {
  if ([...OURS, ...FRAMING].includes(name.toLowerCase()))
    throw invalid(`the header ${name} is not for \`headers\`; the store says it itself`);
  try {
    validateHeaderName(name);
  } catch {
    throw invalid('`headers` has a name that no header has');
  }
}

/** Does not repeat it. @throws INVALID_ARGUMENT */
export function checkValue(name: string, value: unknown): asserts value is string {
  try {
    if (typeof value !== 'string') throw new TypeError();
    validateHeaderValue(name, value);
  } catch {
    throw invalid(`the header ${name} has a value that no header has; is there a line end in it?`);
  }
}

function isSecret(value: unknown): value is HttpSecret {
  if (typeof value === 'string') return true;
  if (typeof value !== 'object' || value === null) return false;
  const [[name, where] = [], ...more] = Object.entries(value);
  return more.length === 0 && (name === 'env' || name === 'file') && typeof where === 'string';
}

function isProxy(proxy: unknown): boolean {
  if (typeof proxy !== 'string' || !URL.canParse(proxy)) return false;
  return ['http:', 'https:'].includes(new URL(proxy).protocol);
}

function checkWhole(name: string, value: unknown, least: number, most: number): void {
  if (value === undefined || (Number.isInteger(value) && Number(value) >= least && Number(value) <= most))
    return;
  throw invalid(`\`${name}\` is a whole number from ${least} to ${most}`);
}

export function invalid(what: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', `A store over https: ${what}.`);
}

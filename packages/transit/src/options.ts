import { checkOptions, type Kind, WeightsealError } from '@weightseal/core';
import type { Role } from './peer.js';

/** PEM: in a file, by its path or `file:` URL, or in memory. */
export type Pem = string | URL | { readonly pem: string | Uint8Array };

export interface SharedOptions {
  /** The own certificate, and behind it those of the authorities between it and its root. */
  readonly certificate: Pem;
  /** Its private key. A file of it may be reached by nobody else: its mode, its owner and the way to it are checked. */
  readonly key: Pem;
  /** Of an encrypted key: its bytes, or a private file that holds it. */
  readonly passphrase?: Uint8Array | { readonly file: string | URL } | undefined;
  /** The roots by which the other side is trusted: these, and no others. Each of them may assert every name, whatever its SPIFFE trust domain: one trust domain for each `ca`. */
  readonly ca: Pem;
  /** Lists of revoked certificates. With it, each of the authorities in `ca` must have one that counts, and nobody of another is let in. */
  readonly crl?: Pem | undefined;
  /** The protocols above TLS, the preferred one first; `http/1.1` unless told. `node:http2` takes `h2`. */
  readonly alpn?: readonly string[] | undefined;
  /** Whether certificates of `createDevCa` are taken; the default is false. */
  readonly allowDevelopment?: boolean | undefined;
  /** Whether the key's file may be another user's, who can put another key into it; the default is false. */
  readonly allowKeyOfOthers?: boolean | undefined;
  /** Milliseconds that reading may take; 10 000 unless told. */
  readonly deadlineMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ServerOptions extends SharedOptions {
  readonly role: 'server';
}

export interface ClientOptions extends SharedOptions {
  readonly role: 'client';
  /** Names that the server must have, instead of the one in its address: `spiffe://prod/models`, `dns:…`. One of them is enough. */
  readonly serverNames?: readonly string[] | undefined;
}

const SHARED: Readonly<Record<keyof SharedOptions | 'role', Kind>> = {
  role: 'string',
  certificate: 'any',
  key: 'any',
  passphrase: 'any',
  ca: 'any',
  crl: 'any',
  alpn: 'strings',
  allowDevelopment: 'boolean',
  allowKeyOfOthers: 'boolean',
  deadlineMs: 'any',
  signal: 'signal',
};
/** What people look for who want less than is offered, and why there is none of it. */
const NOT_OFFERED: Readonly<Record<string, string>> = {
  rejectUnauthorized: 'both sides are always verified',
  requestCert: 'a certificate is always asked for',
  checkServerIdentity: 'the name is always checked; `serverNames` says which other one the server has',
  minVersion: 'it is TLS 1.3, and no other version',
  maxVersion: 'it is TLS 1.3, and no other version',
  secureProtocol: 'it is TLS 1.3, and no other version',
  ciphers: 'the suites are those of TLS 1.3',
  privateKeyEngine: 'OpenSSL 3 gives up engines; end TLS in a proxy that has the token (docs/transit.md)',
};

/** @throws INVALID_ARGUMENT */
export function checkTlsOptions(options: ServerOptions | ClientOptions): void {
  const given = (typeof options === 'object' && options !== null ? options : {}) as object;
  const weaker = Object.keys(NOT_OFFERED).find((name) => Object.hasOwn(given, name));
  if (weaker !== undefined)
    throw invalid(`TLS here has no option ${JSON.stringify(weaker)}: ${NOT_OFFERED[weaker]}.`);
  const role = (given as { role?: unknown }).role;
  checkOptions(options, role === 'client' ? { ...SHARED, serverNames: 'strings' } : SHARED, 'TLS here');
  if (!isRole(role)) throw invalid("The option `role` of TLS here must be 'server' or 'client'.");
  for (const name of ['certificate', 'key', 'ca'] as const)
    if (options[name] === undefined)
      throw invalid(`TLS here needs \`${name}\`: both sides show a certificate, and know whom they trust.`);
  const { alpn } = options;
  if (alpn && (alpn.length === 0 || alpn.some((one) => one.length === 0 || one.length > 255)))
    throw invalid('The option `alpn` names at least one protocol, of 1 to 255 bytes each.');
}

function isRole(role: unknown): role is Role {
  return role === 'server' || role === 'client';
}

export function invalid(message: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', message);
}

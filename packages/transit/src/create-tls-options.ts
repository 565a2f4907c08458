import { constants } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext, type PeerCertificate, type SecureContext } from 'node:tls';
import { wipe } from '@weightseal/core';
import { certificateError } from './errors.js';
import type { FileLimits } from './files.js';
import { checkMaterial, type Material, readMaterial } from './material.js';
import { type NamePattern, patternOf } from './names/pattern.js';
import { type ClientOptions, checkTlsOptions, invalid, type ServerOptions } from './options.js';
import { checkLeaf, type Revocation } from './peer.js';
import { type Certificate, readCertificate } from './x509/certificate.js';

export interface SharedTls {
  readonly minVersion: 'TLSv1.3';
  readonly maxVersion: 'TLSv1.3';
  readonly ciphers: string;
  readonly cert: Buffer;
  readonly ca: Buffer;
  readonly crl?: Buffer[];
  readonly rejectUnauthorized: true;
  readonly secureOptions: number;
  readonly ALPNProtocols: string[];
}

/** What `tls.createServer`, `https.createServer`, `http2.createSecureServer` and `server.setSecureContext` take. */
export interface ServerTls extends SharedTls {
  readonly key: Buffer;
  readonly requestCert: true;
  readonly handshakeTimeout: number;
}

/** What `tls.connect`, an agent of `https`, `http2.connect` and undici's `connect` take. */
export interface ClientTls extends SharedTls {
  readonly secureContext: SecureContext;
  readonly checkServerIdentity: (host: string, certificate: PeerCertificate) => Error | undefined;
  readonly maxCachedSessions: 0;
}

/** Options of TLS for one side of a connection, and what they were made of that is not secret. */
export interface MadeTls {
  readonly tls: ServerTls | ClientTls;
  /** For `authorise`; undefined without `crl`. */
  readonly revocation: Revocation | undefined;
  /** Milliseconds since 1970, when the own certificate ends. */
  readonly notAfter: number;
  /** Whether it counts at that time, too. @throws what `createTlsOptions` says of certificates */
  check(now: number): void;
  /** Wipes the key, where the options have it. */
  forget(): void;
}

/** All of TLS 1.3 that OpenSSL offers unless told, whatever Node was started with (RFC 8446 §9.1). */
const SUITES = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';
const HANDSHAKE_MS = 10_000;

/**
 * Options of TLS for a server or a client: TLS 1.3 only, a certificate on both sides, chain and name always checked. What could weaken that is no option here.
 *
 * Sessions are not resumed: a resumed one skips the certificates, so that whoever was revoked, or has lost its name, would come back by its ticket. A full handshake takes about a millisecond.
 *
 * @throws INVALID_ARGUMENT, CERTIFICATE_INVALID, CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, CERTIFICATE_USAGE, CERTIFICATE_DEVELOPMENT, REVOCATION_UNKNOWN, SIGNING_KEY_UNFIT, KEY_FILE_INVALID,
 * KEY_FILE_EXPOSED, KEY_NOT_FOUND, PASSPHRASE_REQUIRED, INPUT_NOT_FOUND, IO_ERROR
 */
export function createTlsOptions(options: ServerOptions): Promise<ServerTls>;
export function createTlsOptions(options: ClientOptions): Promise<ClientTls>;
export function createTlsOptions(options: ServerOptions | ClientOptions): Promise<ServerTls | ClientTls>;
export async function createTlsOptions(
  options: ServerOptions | ClientOptions,
): Promise<ServerTls | ClientTls> {
  return (await makeTls(options)).tls;
}

/** @param onWork as `FileLimits` has it */
export async function makeTls(
  options: ServerOptions | ClientOptions,
  onWork?: FileLimits['onWork'],
): Promise<MadeTls> {
  checkTlsOptions(options);
  const names = options.role === 'client' ? patternsOf(options) : undefined;
  const { role, alpn = ['http/1.1'] } = options;
  const material = await readMaterial(options, Date.now(), onWork);
  const { key, ...lasting } = material;
  let kept = false;
  try {
    const shared = sharedOf(material, alpn);
    const tls = role === 'server' ? serverOf(shared, material) : clientOf(shared, material, names);
    kept = role === 'server';
    return {
      tls,
      revocation: material.revocation,
      notAfter: material.own[0]!.notAfter,
      check: (now) => checkMaterial(lasting, role, now),
      forget: () => wipe(key),
    };
  } finally {
    // OpenSSL has a client's; a server's is for whoever makes the server.
    if (!kept) wipe(key);
  }
}

function patternsOf({ serverNames }: ClientOptions): readonly NamePattern[] | undefined {
  if (serverNames?.length === 0)
    throw invalid('The option `serverNames` is empty, so that no server would have one of them.');
  return serverNames?.map(patternOf);
}

function sharedOf({ own, authorities, revocation }: Material, alpn: readonly string[]): SharedTls {
  return {
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    ciphers: SUITES,
    cert: Buffer.from(own.map(({ node }) => node.toString()).join('')),
    ca: Buffer.from(authorities.map(({ node }) => node.toString()).join('')),
    // Node reads just one list of each text.
    ...(revocation && { crl: revocation.crls.map(({ pem }) => Buffer.from(`${pem}\n`)) }),
    rejectUnauthorized: true,
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    ALPNProtocols: [...alpn],
  };
}

function serverOf(shared: SharedTls, { key, own }: Material): ServerTls {
  // What OpenSSL does not take is told now, and not when a server begins, or takes it instead of what it has.
  contextOf(shared, key, own[0]!);
  return { ...shared, key, requestCert: true, handshakeTimeout: HANDSHAKE_MS };
}

function clientOf(
  shared: SharedTls,
  { key, own }: Material,
  names: readonly NamePattern[] | undefined,
): ClientTls {
  return {
    ...shared,
    secureContext: contextOf(shared, key, own[0]!),
    checkServerIdentity: (host, certificate) => identityError(host, certificate, names),
    // What agents keep sessions by knows nothing of the names that were checked.
    maxCachedSessions: 0,
  };
}

function contextOf(shared: SharedTls, key: Buffer, { subject }: Certificate): SecureContext {
  const { cert, ca, crl, ciphers, minVersion, maxVersion, secureOptions } = shared;
  const context = { cert, ca, key, ciphers, minVersion, maxVersion, secureOptions, ...(crl && { crl }) };
  try {
    return createSecureContext(context);
  } catch (cause) {
    const why = 'or its key, an authority or a list beside it is none that OpenSSL takes';
    throw certificateError('CERTIFICATE_INVALID', subject, why, cause);
  }
}

/** Never the common name: RFC 9525 §2. */
function identityError(
  host: string,
  shown: PeerCertificate,
  names: readonly NamePattern[] | undefined,
): Error | undefined {
  try {
    const certificate = readCertificate(shown.raw);
    checkLeaf(certificate, 'server', Date.now());
    const { node, subject } = certificate;
    const name = host.replace(/\.$/, '');
    const found = names
      ? names.some((matches) => matches(certificate) !== undefined)
      : isIP(name) > 0
        ? node.checkIP(name)
        : node.checkHost(name, { subject: 'never', partialWildcards: false });
    if (found) return undefined;
    const wanted = names ? 'one of `serverNames`' : JSON.stringify(host);
    return certificateError('CERTIFICATE_NAME_MISMATCH', subject, `is not of ${wanted}`);
  } catch (error) {
    return error as Error;
  }
}

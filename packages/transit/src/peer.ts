import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { WeightsealError } from '@weightseal/core';
import { checkChain, MOST } from './chain.js';
import { certificateError, developmentError, peerError } from './errors.js';
import { looksLikeSpiffe, spiffeProblem } from './names/spiffe.js';
import { ofVerification } from './refusal.js';
import { type Certificate, readCertificate } from './x509/certificate.js';
import type { Crl } from './x509/crl.js';
import { checkStrength, checkTimes } from './x509/sound.js';

/** Who is at the other end of a connection, as TLS has verified it. */
export interface Peer {
  readonly certificate: Certificate;
  /** What came with it, from its issuer on; on a server empty in some versions of Node (24.21, and of 26 from 26.8 on: nodejs/node#65579). */
  readonly chain: readonly Certificate[];
}

export type Role = 'server' | 'client';

/** What is known of revoked certificates: the roots that are trusted, the authorities between that are known beforehand, and their lists. */
export interface Revocation {
  readonly authorities: readonly Certificate[];
  readonly crls: readonly Crl[];
}

export interface PeerChecks {
  /** What the peer is. */
  readonly role: Role;
  readonly revocation?: Revocation | undefined;
  /** Milliseconds since 1970; now unless told. */
  readonly now?: number | undefined;
  /** Whether certificates of `createDevCa` are taken; the default is false. */
  readonly allowDevelopment?: boolean | undefined;
}

const PURPOSES: Readonly<Record<Role, { readonly id: string; readonly name: string }>> = {
  server: { id: '1.3.6.1.5.5.7.3.1', name: 'serverAuth' },
  client: { id: '1.3.6.1.5.5.7.3.2', name: 'clientAuth' },
};
const KNOWN = new WeakMap<Socket, Peer>();

/**
 * Who is at the other end of a connection whose handshake is done. A certificate that TLS has not verified, as a server that does without `rejectUnauthorized` has it, is anybody's, and refused.
 *
 * @throws CERTIFICATE_MISSING, also of a connection that has ended before anybody asked, CERTIFICATE_UNTRUSTED, and the others that `refusalOf` has
 */
export function peerOf(socket: Socket): Peer {
  // A request has a socket of which its type does not say that it is one of TLS.
  const tls = socket as Partial<TLSSocket>;
  const known = KNOWN.get(socket);
  if (!known && hasEnded(socket))
    throw new WeightsealError(
      'CERTIFICATE_MISSING',
      'The connection has ended, and with it goes who was at its other end. Ask before it does: when the connection or the request comes.',
    );
  const peer = known ?? peerFrom(tls.getPeerX509Certificate?.());
  // In TLS 1.3 it stays the same for as long as the connection: nothing is negotiated again (RFC 8446 §4.6), and to read it takes longer than to judge it.
  if (tls.getProtocol?.() === 'TLSv1.3') KNOWN.set(socket, peer);
  if (tls.authorized === true) return peer;
  throw ofVerification(String(tls.authorizationError ?? 'CERT_UNTRUSTED'));
}

function hasEnded(socket: Socket): boolean {
  try {
    return socket.destroyed;
  } catch (error) {
    // The socket of a request of HTTP/2 is a stand-in, which throws once its session is over.
    if ((error as NodeJS.ErrnoException).code === 'ERR_HTTP2_SOCKET_UNBOUND') return true;
    throw error;
  }
}

/** @throws CERTIFICATE_MISSING, CERTIFICATE_INVALID */
export function peerFrom(leaf: X509Certificate | undefined): Peer {
  const all: Certificate[] = [];
  for (let one = leaf; one && all.length < MOST; one = one.issuerCertificate)
    all.push(readCertificate(one.raw));
  const [certificate, ...chain] = all;
  if (certificate) return { certificate, chain };
  throw peerError('CERTIFICATE_MISSING', 'The other side has shown no certificate');
}

/**
 * What TLS does not ask of a peer's certificate, and what may have changed since it did: that it names its purpose, is valid now, is an SVID where it says so, has a key that is strong enough, is not for
 * development, and was not revoked. That its chain leads to a trusted root is TLS's to see.
 *
 * @throws CERTIFICATE_USAGE, CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, CERTIFICATE_INVALID, CERTIFICATE_REVOKED, REVOCATION_UNKNOWN, CERTIFICATE_UNTRUSTED, CERTIFICATE_DEVELOPMENT,
 * SIGNING_KEY_UNFIT, INVALID_ARGUMENT
 */
export function checkPeer(peer: Peer, checks: PeerChecks): void {
  const { role, revocation, now = Date.now(), allowDevelopment = false } = checks;
  if (!Object.hasOwn(PURPOSES, role))
    throw new WeightsealError('INVALID_ARGUMENT', "The role of a peer must be 'server' or 'client'.");
  checkLeaf(peer.certificate, role, now);
  const ofDevelopment = [peer.certificate, ...peer.chain].find((one) => one.isDevelopment);
  if (ofDevelopment && allowDevelopment !== true) throw developmentError(ofDevelopment);
  checkChain(peer, revocation, now);
}

/** @throws CERTIFICATE_USAGE, CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, CERTIFICATE_INVALID, SIGNING_KEY_UNFIT, INVALID_ARGUMENT */
export function checkLeaf(leaf: Certificate, role: Role, now: number): void {
  const { subject, keyUsage, purposes } = leaf;
  checkTimes(leaf, now);
  const { id, name } = PURPOSES[role];
  if (leaf.isAuthority) throw certificateError('CERTIFICATE_USAGE', subject, 'is that of an authority');
  // OpenSSL lets one pass that names no purposes; anyPurpose is none in particular either.
  if (!purposes?.includes(id)) throw certificateError('CERTIFICATE_USAGE', subject, `is not for ${name}`);
  if (keyUsage && !keyUsage.includes('digitalSignature'))
    throw certificateError('CERTIFICATE_USAGE', subject, 'lacks digitalSignature');
  checkSvid(leaf);
  checkStrength(leaf);
}

/** X509-SVID §5.2. A certificate that has another URI, and none of SPIFFE, is not meant as an SVID. */
function checkSvid({ uris, keyUsage, subject }: Certificate): void {
  const id = uris.find(looksLikeSpiffe);
  if (id === undefined) return;
  const fail = (why: string) => certificateError('CERTIFICATE_INVALID', subject, why);
  if (uris.length > 1) throw fail('has a SPIFFE ID and other URIs, and an SVID has just one');
  const problem = spiffeProblem(id);
  if (problem !== undefined) throw fail(`has a SPIFFE ID that is none: ${problem}`);
  if (id.indexOf('/', 'spiffe://'.length) < 0)
    throw fail('has the SPIFFE ID of an authority, without a path');
  if (keyUsage?.some((usage) => usage === 'keyCertSign' || usage === 'crlSign'))
    throw fail('has a SPIFFE ID, and its key is for issuing');
}

import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { certificateError, peerError, timeOf } from './errors.js';
import { looksLikeSpiffe, spiffeProblem } from './names/spiffe.js';
import { ofVerification } from './refusal.js';
import { type Certificate, readCertificate } from './x509/certificate.js';
import { type Crl, checkRevoked } from './x509/crl.js';

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
}

const PURPOSES: Readonly<Record<Role, { readonly id: string; readonly name: string }>> = {
  server: { id: '1.3.6.1.5.5.7.3.1', name: 'serverAuth' },
  client: { id: '1.3.6.1.5.5.7.3.2', name: 'clientAuth' },
};
/** Longer chains are nobody's. */
const MOST = 8;
const KNOWN = new WeakMap<Socket, Peer>();

/**
 * Who is at the other end of a connection whose handshake is done. A certificate that TLS has not verified, as a server that does without `rejectUnauthorized` has it, is anybody's, and refused.
 *
 * @throws CERTIFICATE_MISSING, CERTIFICATE_UNTRUSTED, and the others that `refusalOf` has
 */
export function peerOf(socket: Socket): Peer {
  // A request has a socket of which its type does not say that it is one of TLS.
  const tls = socket as Partial<TLSSocket>;
  const peer = KNOWN.get(socket) ?? peerFrom(tls.getPeerX509Certificate?.());
  // In TLS 1.3 it stays the same for as long as the connection: nothing is negotiated again (RFC 8446 §4.6), and to read it takes longer than to judge it.
  if (tls.getProtocol?.() === 'TLSv1.3') KNOWN.set(socket, peer);
  if (tls.authorized === true) return peer;
  throw ofVerification(String(tls.authorizationError ?? 'CERT_UNTRUSTED'));
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
 * What TLS does not ask of a peer's certificate, and what may have changed since it did: that it names its purpose, is valid now, is an SVID where it says so, and was not revoked. That its chain leads
 * to a trusted root is TLS's to see.
 *
 * @throws CERTIFICATE_USAGE, CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, CERTIFICATE_INVALID, CERTIFICATE_REVOKED, REVOCATION_UNKNOWN
 */
export function checkPeer(peer: Peer, { role, revocation, now = Date.now() }: PeerChecks): void {
  checkLeaf(peer.certificate, role, now);
  if (revocation) checkChain(peer, revocation, now);
}

/** @throws CERTIFICATE_USAGE, CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, CERTIFICATE_INVALID */
export function checkLeaf(leaf: Certificate, role: Role, now: number): void {
  const { subject, notBefore, notAfter, keyUsage, purposes } = leaf;
  if (now > notAfter)
    throw certificateError('CERTIFICATE_EXPIRED', subject, `was valid until ${timeOf(notAfter)}`);
  if (now < notBefore)
    throw certificateError('CERTIFICATE_NOT_YET_VALID', subject, `is valid from ${timeOf(notBefore)} on`);
  const { id, name } = PURPOSES[role];
  if (leaf.isAuthority) throw certificateError('CERTIFICATE_USAGE', subject, 'is that of an authority');
  // OpenSSL lets one pass that names no purposes; anyPurpose is none in particular either.
  if (!purposes?.includes(id)) throw certificateError('CERTIFICATE_USAGE', subject, `is not for ${name}`);
  if (keyUsage && !keyUsage.includes('digitalSignature'))
    throw certificateError('CERTIFICATE_USAGE', subject, 'lacks digitalSignature');
  checkSvid(leaf);
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

/** Each certificate below a trusted root, by the list of whoever issued it. */
function checkChain({ certificate, chain }: Peer, { authorities, crls }: Revocation, now: number): void {
  let issued = certificate;
  for (let step = 0; step < MOST; step++) {
    const issuer = [...authorities, ...chain].find((one) => hasIssued(one, issued));
    if (!issuer)
      throw certificateError(
        'CERTIFICATE_UNTRUSTED',
        issued.subject,
        'is of no authority that is known here',
      );
    checkRevoked(issued, issuer, crls, now);
    // As OpenSSL has it: what is trusted and has not issued itself is on the way only.
    if (authorities.includes(issuer) && isRoot(issuer)) return;
    issued = issuer;
  }
  throw certificateError('CERTIFICATE_UNTRUSTED', certificate.subject, 'leads to no root that is trusted');
}

function isRoot({ subjectName, issuerName }: Certificate): boolean {
  return Buffer.compare(subjectName, issuerName) === 0;
}

function hasIssued(issuer: Certificate, issued: Certificate): boolean {
  if (!issuer.isAuthority || Buffer.compare(issuer.subjectName, issued.issuerName) !== 0) return false;
  try {
    return issued.node.verify(issuer.node.publicKey);
  } catch {
    // A key of another kind than the signature's.
    return false;
  }
}

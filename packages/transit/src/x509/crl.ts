import { verify } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import * as asn1 from '@peculiar/asn1-x509';
import { WeightsealError } from '@weightseal/core';
import { certificateError, checkNow, peerError, timeOf } from '../errors.js';
import type { Certificate } from './certificate.js';
import { hex, takeApart } from './crl-entries.js';
import { derOf, pemBlocks } from './pem.js';

// Lists of what was revoked: RFC 5280 §5. Whole ones only; one that is a part, or is another's, is none here.

export interface Crl {
  /** The block of PEM that it stands in. */
  readonly pem: string;
  readonly issuerName: Uint8Array;
  readonly thisUpdate: number;
  /** Until when it counts; a list that does not say so never counts. */
  readonly nextUpdate: number | undefined;
  /** Serial numbers, in hex. */
  readonly revoked: ReadonlySet<string>;
  /** Why it tells of nothing, whoever has signed it. */
  readonly unfit: string | undefined;
  /** Whether its issuer has signed it. */
  isSignedBy(issuer: Certificate): boolean;
}

/** By their object identifiers: the hash that the issuer signed; Ed25519 has its own. */
const HASHES: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
};

/** Extensions by which a list is not the whole one of its issuer, whether they are marked as critical, as they must be, or not (RFC 5280 §5.2.4, §5.2.5). */
const OF_A_PART: Readonly<Record<string, string>> = {
  '2.5.29.27': 'is only a difference to another list',
  '2.5.29.28': 'may be of some certificates only, as it names what it is distributed for',
};

/** @throws CERTIFICATE_INVALID for what is none */
export function readCrls(pem: string, whence: string): Crl[] {
  return pemBlocks(pem, 'X509 CRL', whence).map((block) => {
    try {
      return readCrl(block);
    } catch (cause) {
      throw new WeightsealError(
        'CERTIFICATE_INVALID',
        `${whence} has a list of revoked certificates that cannot be read. Get it again.`,
        {
          cause,
        },
      );
    }
  });
}

function readCrl(pem: string): Crl {
  const { rest, signed, revoked, unfit: unfitEntry } = takeApart(derOf(pem));
  const { tbsCertList: body, signatureAlgorithm, signature } = AsnConvert.parse(rest, asn1.CertificateList);
  const unfit = (body.crlExtensions ?? []).find(
    // A critical one says that the list is not what it seems. Some leave the mark out of those that say so.
    ({ critical, extnID }) => critical || Object.hasOwn(OF_A_PART, extnID),
  );
  // Each request asks, and nothing of it changes.
  const known = new WeakMap<Certificate, boolean>();
  const verified = ({ node, keyUsage }: Certificate): boolean => {
    const { algorithm } = signatureAlgorithm;
    if (!Object.hasOwn(HASHES, algorithm) || algorithm !== body.signature.algorithm) return false;
    if (keyUsage && !keyUsage.includes('crlSign')) return false;
    try {
      return verify(HASHES[algorithm], signed, node.publicKey, Buffer.from(signature));
    } catch {
      // A key of another kind than the signature's.
      return false;
    }
  };
  return {
    pem,
    issuerName: new Uint8Array(AsnConvert.serialize(body.issuer)),
    thisUpdate: body.thisUpdate.getTime().getTime(),
    nextUpdate: body.nextUpdate?.getTime().getTime(),
    revoked,
    unfit: unfit ? saysOf(unfit.extnID) : unfitEntry,
    isSignedBy(issuer) {
      const is = known.get(issuer) ?? verified(issuer);
      known.set(issuer, is);
      return is;
    },
  };
}

function saysOf(extension: string): string {
  return OF_A_PART[extension] ?? `has the extension ${extension}, which is not read here`;
}

/**
 * Whether the issuer has taken the certificate back, by the lists that there are. Where none of them counts it is not known, and that is a refusal too: whoever can keep lists away would else
 * keep a revoked certificate good.
 *
 * @throws CERTIFICATE_REVOKED, REVOCATION_UNKNOWN, INVALID_ARGUMENT
 */
export function checkRevoked(
  certificate: Certificate,
  issuer: Certificate,
  crls: readonly Crl[],
  now: number,
): void {
  checkNow(now);
  const own = crls.filter((crl) => Buffer.compare(crl.issuerName, certificate.issuerName) === 0);
  const judged = own.map((crl) => ({ crl, problem: problemOf(crl, issuer, now) }));
  const good = judged.filter(({ problem }) => problem === undefined);
  if (good.some(({ crl }) => crl.revoked.has(hex(certificate.serial))))
    throw certificateError('CERTIFICATE_REVOKED', certificate.subject, 'was revoked by its authority');
  if (good.length > 0) return;
  const why = judged[0]?.problem ?? 'is not there';
  throw peerError(
    'REVOCATION_UNKNOWN',
    `Nobody knows whether the certificate ${JSON.stringify(certificate.subject).slice(0, 300)} was revoked: the list of its authority ${why}`,
  );
}

/** Why a list does not count; undefined where it does. What is no number compares as nothing, and so never counts. @throws INVALID_ARGUMENT */
export function problemOf(crl: Crl, issuer: Certificate, now: number): string | undefined {
  checkNow(now);
  if (crl.unfit !== undefined) return crl.unfit;
  if (!crl.isSignedBy(issuer)) return 'was not signed by it';
  if (!(crl.thisUpdate <= now)) return `is of ${timeOf(crl.thisUpdate)}, which is yet to come`;
  if (crl.nextUpdate === undefined) return 'does not say until when it counts';
  return now <= crl.nextUpdate ? undefined : `counted until ${timeOf(crl.nextUpdate)}`;
}

import type { WeightsealError } from '@weightseal/core';
import { type Certificate, checkKey } from './certificate.js';
import { certificateError } from './errors.js';
import { timeOf } from './signer.js';

// From a signer's certificate to one of the roots: RFC 5280 §6, without policies, names that are limited, and lists of what was revoked.

/** By which an authority may have signed: none of SHA-1 or MD5, whoever could make two certificates of one digest. */
const SOUND: readonly string[] = [
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.3.101.112',
];
/** Bounds the search among hostile certificates that all fit one another. */
const MOST_STEPS = 256;

interface Search {
  readonly roots: readonly Certificate[];
  readonly others: readonly Certificate[];
  /** The time at which all must be valid. */
  readonly at: number;
  steps: number;
  /** Why the first way that leads on cannot be gone. */
  failure: WeightsealError | undefined;
}

/**
 * The certificates from the signer's to one of the roots. A root is one because it is named as such: it need not have signed itself, and its own signature is not looked at. The signer's own may be named, too.
 *
 * All must have been valid when the signer's certificate began to be. That is the reference implementation's rule, and why a signature outlives its certificate: nothing in it proves when it was made, and a
 * model is used for years. So whoever gets hold of the key of a certificate that has ended can still sign; `notAfter` of a policy is what ends a release.
 *
 * @throws CERTIFICATE_UNTRUSTED, CERTIFICATE_INVALID, CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, SIGNING_KEY_UNFIT
 */
export function chainOf(
  leaf: Certificate,
  others: readonly Certificate[],
  roots: readonly Certificate[],
): readonly Certificate[] {
  if (roots.some((root) => same(root, leaf))) return [leaf];
  const search: Search = { roots, others, at: leaf.notBefore, steps: 0, failure: undefined };
  const found = go([leaf], search);
  if (found) return found;
  throw (
    search.failure ??
    certificateError('CERTIFICATE_UNTRUSTED', leaf.subject, 'leads to none of the roots that are trusted')
  );
}

function go(path: readonly Certificate[], search: Search): readonly Certificate[] | undefined {
  const last = path.at(-1)!;
  for (const issuer of [...search.roots, ...search.others]) {
    if (search.steps++ >= MOST_STEPS) return undefined;
    if (path.some((one) => same(one, issuer)) || !hasIssued(issuer, last)) continue;
    try {
      checkStep(issuer, path, search.at);
    } catch (error) {
      search.failure ??= error as WeightsealError;
      continue;
    }
    const longer = [...path, issuer];
    if (search.roots.includes(issuer)) return longer;
    const found = go(longer, search);
    if (found) return found;
  }
  return undefined;
}

function same(a: Certificate, b: Certificate): boolean {
  return Buffer.compare(a.raw, b.raw) === 0;
}

/** By name and signature. Keys that are named (authorityKeyIdentifier) only help to find what the signature proves. */
function hasIssued(issuer: Certificate, issued: Certificate): boolean {
  const name = issuer.node.subject as string | undefined;
  if (!name || name !== issued.node.issuer) return false;
  try {
    return issued.node.verify(issuer.node.publicKey);
  } catch {
    // A key of another kind than the signature's.
    return false;
  }
}

/** @param path from the signer's certificate to what the issuer has issued */
function checkStep(issuer: Certificate, path: readonly Certificate[], at: number): void {
  const issued = path.at(-1)!;
  if (!SOUND.includes(issued.signedBy))
    throw certificateError(
      'SIGNING_KEY_UNFIT',
      issued.subject,
      `was signed by its authority with SHA-1, MD5 or another algorithm that is not taken (${issued.signedBy})`,
    );
  checkKey(issuer);
  const fail = (why: string) => certificateError('CERTIFICATE_INVALID', issuer.subject, why);
  if (!issuer.isAuthority) throw fail('has issued another one, and is not that of an authority');
  if (issuer.keyUsage && !issuer.keyUsage.keyCertSign)
    throw fail('has issued another one, and its key is not for that (keyCertSign)');
  // Those that name themselves as issuer, as at a change of keys, do not count: RFC 5280 §4.2.1.9.
  const between = path.slice(1).filter(({ node }) => node.subject !== node.issuer).length;
  if (issuer.pathLength !== undefined && between > issuer.pathLength)
    throw fail(`has ${between} authorities below it, and allows ${issuer.pathLength}`);
  checkTime(issuer, at);
}

function checkTime({ notBefore, notAfter, subject }: Certificate, at: number): void {
  if (at < notBefore)
    throw certificateError(
      'CERTIFICATE_NOT_YET_VALID',
      subject,
      `is valid from ${timeOf(notBefore)} on, and the signer's was issued for ${timeOf(at)}`,
    );
  if (at > notAfter)
    throw certificateError(
      'CERTIFICATE_EXPIRED',
      subject,
      `was valid until ${timeOf(notAfter)}, and the signer's was issued for ${timeOf(at)}`,
    );
}

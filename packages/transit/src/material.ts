import { createPrivateKey, type KeyObject } from 'node:crypto';
import {
  checkPath,
  isWeightsealError,
  readPrivateFile,
  secretTextIn,
  WeightsealError,
  wipe,
} from '@weightseal/core';
import { certificateError, developmentError, peerError, timeOf } from './errors.js';
import { bytesOf, type FileLimits, isPath, type Reading, readingFiles, textOf } from './files.js';
import { type ClientOptions, invalid, type Pem, type ServerOptions } from './options.js';
import { checkLeaf, type Revocation, type Role } from './peer.js';
import { type Certificate, readCertificates } from './x509/certificate.js';
import { type Crl, problemOf, readCrls } from './x509/crl.js';
import { pemOf } from './x509/pem.js';
import { checkStrength } from './x509/sound.js';

/** What TLS works with, once all of it is known to fit together. */
export interface Material {
  /** PKCS#8 in PEM, not encrypted. */
  readonly key: Buffer;
  readonly own: readonly Certificate[];
  readonly revocation: Revocation | undefined;
  readonly authorities: readonly Certificate[];
}

type Options = ServerOptions | ClientOptions;
const MOST_BYTES = 1_048_576;
/** Lists grow with what was revoked. */
const MOST_OF_CRL = 32 * MOST_BYTES;

/**
 * @throws INVALID_ARGUMENT, KEY_FILE_INVALID, KEY_FILE_EXPOSED, PASSPHRASE_REQUIRED, INPUT_NOT_FOUND, IO_ERROR, and what `createTlsOptions` says of certificates
 * @param onWork as `FileLimits` has it
 */
export async function readMaterial(
  options: Options,
  now: number,
  onWork?: FileLimits['onWork'],
): Promise<Material> {
  const { signal, deadlineMs } = options;
  const late = (material: Material) => wipe(material.key);
  return readingFiles(
    { signal, deadlineMs, onWork },
    (stop, reading) => read(options, now, stop, reading),
    late,
  );
}

/** Whether what was read counts now, too. @throws what `createTlsOptions` says of certificates */
export function checkMaterial(
  { own, authorities, revocation }: Omit<Material, 'key'>,
  role: Role,
  now: number,
): void {
  const [leaf, ...behind] = own;
  checkLeaf(leaf!, role, now);
  for (const { notAfter, subject } of behind)
    if (!(now <= notAfter))
      throw certificateError(
        'CERTIFICATE_EXPIRED',
        subject,
        `is behind the own one, and was valid until ${timeOf(notAfter)}`,
      );
  for (const one of authorities) {
    if (!one.isAuthority)
      throw certificateError('CERTIFICATE_USAGE', one.subject, 'is in `ca`, and is not that of an authority');
    checkStrength(one);
  }
  if (revocation) checkLists(revocation, now);
}

async function read(options: Options, now: number, stop: AbortSignal, reading: Reading): Promise<Material> {
  const { allowDevelopment = false, role, crl } = options;
  const text = (given: Pem, what: string, most = MOST_BYTES) => textOf(given, what, most, stop, reading);
  const own = readCertificates(
    await text(options.certificate, 'certificate'),
    whenceOf(options.certificate, '`certificate`'),
  );
  const authorities = readCertificates(
    await text(options.ca, 'certificates to trust'),
    whenceOf(options.ca, '`ca`'),
  );
  checkMaterial({ own, authorities, revocation: undefined }, role, now);
  const ofDevelopment = [...own, ...authorities].find((one) => one.isDevelopment);
  if (ofDevelopment && !allowDevelopment) throw developmentError(ofDevelopment);
  const revocation = crl === undefined ? undefined : { authorities, crls: await listsOf(crl, text) };
  if (revocation) checkLists(revocation, now);
  const [leaf] = own;
  const { key, pem } = await readKey(options, stop, reading);
  if (leaf!.node.checkPrivateKey(key)) return { key: pem, own, authorities, revocation };
  wipe(pem);
  throw certificateError(
    'CERTIFICATE_INVALID',
    leaf!.subject,
    'is of another key than the one that was given',
  );
}

async function listsOf(
  crl: Pem,
  text: (given: Pem, what: string, most: number) => Promise<string>,
): Promise<Crl[]> {
  return readCrls(await text(crl, 'list of revoked certificates', MOST_OF_CRL), whenceOf(crl, '`crl`'));
}

/** OpenSSL refuses everybody whose authority has no list: said now, rather than at each handshake. */
function checkLists({ authorities, crls }: Revocation, now: number): void {
  for (const authority of authorities) {
    const lists = crls.filter((crl) => Buffer.compare(crl.issuerName, authority.subjectName) === 0);
    const problems = lists.map((crl) => problemOf(crl, authority, now));
    if (problems.includes(undefined)) continue;
    throw peerError(
      'REVOCATION_UNKNOWN',
      `The list of the authority ${JSON.stringify(authority.subject)} ${problems[0] ?? 'is not in `crl`'}`,
    );
  }
}

async function readKey(
  options: Options,
  stop: AbortSignal,
  reading: Reading,
): Promise<{ key: KeyObject; pem: Buffer }> {
  const { key: given, allowKeyOfOthers: ofOthers } = options;
  reading.at = 'the private key, or its passphrase';
  const whence = isPath(given) ? `in ${checkPath(given, 'The option `key`')}` : 'that was given';
  let bytes: Buffer | undefined;
  let passphrase: Uint8Array | undefined;
  let der: Buffer | undefined;
  try {
    bytes = isPath(given)
      ? (
          await readPrivateFile(checkPath(given, 'The option `key`'), 'private key', stop, {
            ofOthers,
            allowing: 'allowKeyOfOthers',
          })
        ).bytes
      : bytesOf(given, 'key');
    passphrase = await readPassphrase(options, stop);
    // In the label of PKCS#8, or in the header of older ones.
    if (passphrase === undefined && bytes.includes('ENCRYPTED'))
      throw new WeightsealError(
        'PASSPHRASE_REQUIRED',
        `The private key ${whence} is encrypted; give its \`passphrase\`.`,
      );
    const key = createPrivateKey({
      key: bytes,
      format: 'pem',
      ...(passphrase && {
        passphrase: Buffer.from(passphrase.buffer, passphrase.byteOffset, passphrase.length),
      }),
    });
    der = key.export({ type: 'pkcs8', format: 'der' });
    return { key, pem: pemOf(der, 'PRIVATE KEY') };
  } catch (error) {
    throw keyError(error, whence, passphrase !== undefined);
  } finally {
    wipe(bytes, passphrase, der);
  }
}

async function readPassphrase(
  { passphrase: given }: Options,
  stop: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (given === undefined) return undefined;
  // A copy, which is wiped.
  if (ArrayBuffer.isView(given)) return Uint8Array.from(given);
  if (typeof given !== 'object' || given === null || !('file' in given))
    throw invalid('The option `passphrase` of TLS here is bytes, or { file }.');
  const path = checkPath(given.file, 'The file of `passphrase`');
  const { bytes } = await readPrivateFile(path, 'passphrase file', stop);
  return secretTextIn(bytes, `in ${path}`, { what: 'passphrase', code: 'PASSPHRASE_REQUIRED' });
}

/** What OpenSSL says of a key may hold nothing of it: only the code goes on. */
function keyError(error: unknown, whence: string, withPassphrase: boolean): WeightsealError {
  if (isWeightsealError(error)) return error;
  const why = withPassphrase
    ? 'is no private key in PEM, or the passphrase is another one'
    : 'is no private key in PEM';
  return new WeightsealError('KEY_FILE_INVALID', `The private key ${whence} ${why}.`);
}

function whenceOf(given: Pem, option: string): string {
  return isPath(given) ? checkPath(given, `The option ${option}`) : `What was given as ${option}`;
}

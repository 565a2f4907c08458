import { createPrivateKey, type KeyObject } from 'node:crypto';
import { open } from 'node:fs/promises';
import {
  checkedDeadline,
  checkPath,
  ioError,
  isWeightsealError,
  readPrivateFile,
  secretTextIn,
  signingAlgorithmOf,
  WeightsealError,
  wipe,
  within,
} from '@weightseal/core';
import { certificateError, peerError, timeOf } from './errors.js';
import { type ClientOptions, invalid, type Pem, type ServerOptions } from './options.js';
import { checkLeaf, type Revocation } from './peer.js';
import { type Certificate, readCertificates } from './x509/certificate.js';
import { problemOf, readCrls } from './x509/crl.js';
import { pemOf } from './x509/pem.js';

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

/** @throws INVALID_ARGUMENT, KEY_FILE_INVALID, KEY_FILE_EXPOSED, PASSPHRASE_REQUIRED, INPUT_NOT_FOUND, and what `createTlsOptions` says of certificates */
export async function readMaterial(options: Options, now: number): Promise<Material> {
  const { signal, deadlineMs } = options;
  const limits = {
    signal,
    deadlineMs: checkedDeadline(deadlineMs),
    doing: 'read the key and the certificates for TLS',
  };
  const late = (material: Material) => wipe(material.key);
  return within(limits, (stop) => read(options, now, stop), late);
}

async function read(options: Options, now: number, stop: AbortSignal): Promise<Material> {
  const { allowDevelopment = false, role, crl } = options;
  const own = readCertificates(
    await textOf(options.certificate, 'certificate'),
    whenceOf(options.certificate, '`certificate`'),
  );
  const authorities = readCertificates(
    await textOf(options.ca, 'certificates to trust', MOST_BYTES),
    whenceOf(options.ca, '`ca`'),
  );
  const leaf = own[0]!;
  checkLeaf(leaf, role, now);
  checkStrength(leaf);
  for (const { notAfter, subject } of own.slice(1))
    if (now > notAfter)
      throw certificateError(
        'CERTIFICATE_EXPIRED',
        subject,
        `is behind the own one, and was valid until ${timeOf(notAfter)}`,
      );
  for (const one of authorities)
    if (!one.isAuthority)
      throw certificateError('CERTIFICATE_USAGE', one.subject, 'is in `ca`, and is not that of an authority');
  const ofDevelopment = [...own, ...authorities].find((one) => one.isDevelopment);
  if (ofDevelopment && !allowDevelopment)
    throw certificateError(
      'CERTIFICATE_DEVELOPMENT',
      ofDevelopment.subject,
      'is of an authority for development',
    );
  const revocation =
    crl === undefined
      ? undefined
      : {
          authorities,
          crls: readCrls(
            await textOf(crl, 'list of revoked certificates', MOST_OF_CRL),
            whenceOf(crl, '`crl`'),
          ),
        };
  if (revocation) checkLists(revocation, now);
  const { key, pem } = await readKey(options, stop);
  if (leaf.node.checkPrivateKey(key)) return { key: pem, own, authorities, revocation };
  wipe(pem);
  throw certificateError(
    'CERTIFICATE_INVALID',
    leaf.subject,
    'is of another key than the one that was given',
  );
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

function checkStrength({ node, subject }: Certificate): void {
  try {
    signingAlgorithmOf(node.publicKey.export({ type: 'spki', format: 'der' }));
  } catch (cause) {
    throw certificateError(
      'SIGNING_KEY_UNFIT',
      subject,
      'has a key that is too weak, or of a kind that is not taken',
      cause,
    );
  }
}

async function readKey(options: Options, stop: AbortSignal): Promise<{ key: KeyObject; pem: Buffer }> {
  const { key: given, allowKeyOfOthers: ofOthers } = options;
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

export function isPath(given: Pem): given is string | URL {
  return typeof given === 'string' || given instanceof URL;
}

function whenceOf(given: Pem, option: string): string {
  return isPath(given) ? checkPath(given, `The option ${option}`) : `What was given as ${option}`;
}

function bytesOf(given: Exclude<Pem, string | URL>, what: string): Buffer {
  const { pem } = (given ?? {}) as { readonly pem?: unknown };
  if (typeof pem === 'string') return Buffer.from(pem);
  if (ArrayBuffer.isView(pem)) return Buffer.from(Uint8Array.from(pem as Uint8Array));
  throw invalid(`The ${what} for TLS is a path, a file: URL, or { pem }, a string or bytes.`);
}

async function textOf(given: Pem, what: string, most = MOST_BYTES): Promise<string> {
  if (!isPath(given)) return bytesOf(given, what).toString('latin1');
  const path = checkPath(given, `The ${what}`);
  try {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      if (size > most) throw invalid(`The ${what} ${path} is over ${most} bytes long.`);
      return await handle.readFile('latin1');
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw ioError(error, `read the ${what} ${path}`);
  }
}

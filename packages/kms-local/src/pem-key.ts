import type { KeyObject } from 'node:crypto';
import { WeightsealError } from '@weightseal/core';
import { createPrivateKey } from './crypto.js';

const BEGIN = '-----BEGIN ';
const END = '-----';
const PRIVATE = 'PRIVATE KEY';
/** PKCS#8 (RFC 7468 §10, §11), SEC1 (RFC 5915 §4) and PKCS#1. */
const FORMS = ['PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'EC PRIVATE KEY', 'RSA PRIVATE KEY'];
/** Of the older form, where what stands after it is encrypted (RFC 1421 §4.6.1.1). */
const ENCRYPTED_HEADER = 'Proc-Type: 4,ENCRYPTED';

/** What can be told of a PEM without opening it. */
export interface PemForm {
  readonly encrypted: boolean;
}

/**
 * Looks for the one private key in PEM, by its bytes: no string is made of what is secret.
 *
 * @param whence what messages call the place
 * @throws KEY_FILE_INVALID
 */
export function pemForm(pem: Uint8Array, whence: string): PemForm {
  const bytes = Buffer.from(pem.buffer, pem.byteOffset, pem.length);
  const labels = [...labelsIn(bytes)];
  const [label, ...more] = labels.filter((one) => one.endsWith(PRIVATE));
  if (label === undefined) throw invalid(whence, labels.length > 0 ? NO_PRIVATE : NO_PEM);
  if (more.length > 0) throw invalid(whence, 'it holds more than one private key; leave one');
  if (!FORMS.includes(label)) throw invalid(whence, label === 'OPENSSH PRIVATE KEY' ? OPENSSH : OTHER_FORM);
  return { encrypted: label.startsWith('ENCRYPTED') || bytes.includes(ENCRYPTED_HEADER) };
}

/**
 * The key itself. OpenSSL keeps it in memory of its own, and wipes that when it is freed.
 *
 * @throws KEY_FILE_INVALID; KEY_DENIED for a passphrase that does not open it
 */
export function openPem(pem: Uint8Array, whence: string, passphrase: Uint8Array | undefined): KeyObject {
  const key = Buffer.from(pem.buffer, pem.byteOffset, pem.length);
  try {
    if (passphrase === undefined) return createPrivateKey({ key, format: 'pem' });
    return createPrivateKey({
      key,
      format: 'pem',
      passphrase: Buffer.from(passphrase.buffer, passphrase.byteOffset, passphrase.length),
    });
  } catch (cause) {
    if (passphrase === undefined) throw invalid(whence, 'its private key is damaged; put back a copy', cause);
    // Of a wrong one, OpenSSL mostly says so, and now and then that what came out is no key.
    throw new WeightsealError(
      'KEY_DENIED',
      `The passphrase does not open the private key ${whence}, or the file is damaged. Check the passphrase (its letters count as they are encoded).`,
      { cause },
    );
  }
}

function* labelsIn(bytes: Buffer): Generator<string> {
  for (let at = bytes.indexOf(BEGIN); at >= 0; at = bytes.indexOf(BEGIN, at)) {
    at += BEGIN.length;
    const end = bytes.indexOf(END, at);
    // A label is short; what is longer may be anything.
    if (end >= 0 && end - at <= 64) yield bytes.toString('latin1', at, end);
  }
}

const NO_PEM = 'it is no PEM, which begins with -----BEGIN';
const NO_PRIVATE =
  'it holds no private key, only what others may know (a public key or a certificate); name the file of the private one';
const OPENSSH =
  'its key is in the form of OpenSSH; a copy of it becomes PKCS#8 by `ssh-keygen -p -m PKCS8 -f <copy>`';
const OTHER_FORM = `its private key is in none of the forms that are read here (${FORMS.join(', ')}); \`openssl pkcs8 -topk8\` makes the first two`;

function invalid(whence: string, why: string, cause?: unknown): WeightsealError {
  return new WeightsealError(
    'KEY_FILE_INVALID',
    `The private key ${whence} cannot be used: ${why}.`,
    cause === undefined ? {} : { cause },
  );
}

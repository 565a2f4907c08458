import type { KeyObject } from 'node:crypto';
import {
  checkedDeadline,
  checkOptions,
  checkPath,
  type FoundKey,
  hashOf,
  type Kind,
  makeSigner,
  ownBytes,
  readPrivateFile,
  type Signer,
  type ToSign,
  WeightsealError,
  wipe,
  within,
} from '@weightseal/core';
import { createPublicKey, sign } from './crypto.js';
import {
  checkGiven,
  type GivenPassphrase,
  type PassphraseSource,
  withPassphrase,
} from './given-passphrase.js';
import { asked, fromFile } from './passphrase-source.js';
import { openPem, pemForm } from './pem-key.js';
import { ALLOWING, checkedPath, pathOf } from './uri.js';

const PROVIDER = 'pem';

interface Access {
  /** Milliseconds that reading the file, or signing, may take; 10 000 unless told. The time to ask for a passphrase does not count. */
  readonly deadlineMs?: number | undefined;
  /** Whether the file may be another user's, neither root's nor this one's, who can put another key into it; the default is false. */
  readonly allowKeyOfOthers?: boolean | undefined;
}

export interface PemSignerOptions extends Access {
  /** The file, by its path or `file:` URL; or `pem`. */
  readonly path?: string | URL | undefined;
  /** The PEM itself, which the caller goes on owning. */
  readonly pem?: string | Uint8Array | undefined;
  /** Of an encrypted key: its bytes as they are, or what asks for them. WEIGHTSEAL_PASSPHRASE unless told. */
  readonly passphrase?: GivenPassphrase | undefined;
}

export interface PemUriOptions extends Access {
  /** Asks a person for the passphrase of an encrypted key, where the environment has none. What it returns is wiped after use. */
  readonly prompt?: PassphraseSource | undefined;
  /** A file that holds the passphrase, and that nobody else can read or change; it goes before the environment and `prompt`. */
  readonly passphraseFile?: string | URL | undefined;
}

const ACCESS: Readonly<Record<keyof Access, Kind>> = { deadlineMs: 'any', allowKeyOfOthers: 'boolean' };
const OPTIONS: Readonly<Record<keyof PemSignerOptions, Kind>> = {
  ...ACCESS,
  path: 'path',
  pem: 'string or bytes',
  passphrase: 'any',
};
const URI_OPTIONS: Readonly<Record<keyof PemUriOptions, Kind>> = {
  ...ACCESS,
  prompt: 'function',
  passphraseFile: 'path',
};

/**
 * A private key in PEM: PKCS#8, plain or encrypted, SEC1 or PKCS#1; ECDSA by P-256, P-384 or P-521, Ed25519, RSA of 2048 bits at least. The file is read, and
 * a passphrase asked for, at the first call; from then on OpenSSL has the key, for as long as the signer is in use.
 *
 * @throws INVALID_ARGUMENT. The calls throw also KEY_FILE_INVALID, KEY_FILE_EXPOSED, PASSPHRASE_REQUIRED.
 */
export function createPemSigner(options: PemSignerOptions): Signer {
  checkOptions(options, OPTIONS, 'A signer of PEM');
  const { path, pem, passphrase = asked(undefined, GIVE) } = options;
  if ((path === undefined) === (pem === undefined))
    throw invalid('A signer of PEM needs either `path` or `pem`');
  checkGiven(passphrase);
  return signerOf(
    path === undefined ? undefined : checkPath(path, 'The option `path`'),
    pem,
    passphrase,
    options,
  );
}

/**
 * The signer of `pem:<path>`. The path is taken as it stands, without percent-decoding.
 *
 * @throws KEY_URI_INVALID, INVALID_ARGUMENT
 */
export function pemSignerFromUri(uri: string, options: PemUriOptions = {}): Signer {
  checkOptions(options, URI_OPTIONS, 'A signer of pem:');
  const { prompt, passphraseFile, deadlineMs, allowKeyOfOthers } = options;
  const path = checkedPath(pathOf(uri, PROVIDER), 'KEY_URI_INVALID', 'pem');
  const passphrase =
    passphraseFile === undefined
      ? asked(prompt, GIVE)
      : fromFile(
          checkPath(passphraseFile, 'The option `passphraseFile`'),
          checkedDeadline(deadlineMs),
          allowKeyOfOthers,
        );
  return signerOf(path, undefined, passphrase, options);
}

function signerOf(
  path: string | undefined,
  pem: string | Uint8Array | undefined,
  passphrase: GivenPassphrase,
  { deadlineMs: given, allowKeyOfOthers: ofOthers }: Access,
): Signer {
  const deadlineMs = checkedDeadline(given);
  const uri = `${PROVIDER}:${path === undefined ? '' : checkedPath(path, 'INVALID_ARGUMENT', 'pem')}`;
  const whence = path === undefined ? 'that was given' : `in ${path}`;
  const read = async (stop: AbortSignal): Promise<Uint8Array> => {
    if (path === undefined)
      return typeof pem === 'string' ? Buffer.from(pem) : Uint8Array.from(ownBytes(pem)!);
    const limits = { signal: stop, deadlineMs, doing: `read the private key ${whence}` };
    const access = { ofOthers, allowing: ALLOWING, insteadOfPipe: 'in a program the PEM itself (`pem`)' };
    return (await within(limits, (end) => readPrivateFile(path, 'private key', end, access), wipeFile)).bytes;
  };
  return makeSigner<KeyObject>({
    provider: PROVIDER,
    uri,
    // A person may have to answer: what takes time beside that has a deadline of its own.
    limits: (call, doing) => ({ signal: call?.signal, deadlineMs: undefined, doing: `${doing} ${uri}` }),
    async find(stop): Promise<FoundKey<KeyObject>> {
      const bytes = await read(stop);
      try {
        const key = pemForm(bytes, whence).encrypted
          ? await withPassphrase(passphrase, stop, (given) => openPem(bytes, whence, given))
          : openPem(bytes, whence, undefined);
        const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' });
        return { publicKey, version: key };
      } finally {
        wipe(bytes);
      }
    },
    sign: (key, toSign, signal) =>
      within({ signal, deadlineMs, doing: `sign with ${uri}` }, () => signed(key, toSign)),
  });
}

/** In a thread of its own: RSA takes a while. */
function signed(key: KeyObject, { algorithm, message }: ToSign): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    sign(hashOf(algorithm) ?? null, message, key, (error, signature) =>
      error ? reject(error) : resolve(signature),
    );
  });
}

function wipeFile({ bytes }: { readonly bytes: Uint8Array }): void {
  wipe(bytes);
}

const GIVE = 'type it where a person is asked, or name a file that holds it (in a program `passphrase`)';

function invalid(problem: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', `${problem}.`);
}

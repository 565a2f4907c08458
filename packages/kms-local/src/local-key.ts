import {
  betweenSteps,
  checkDataKey,
  checkedDeadline,
  checkOptions,
  checkPath,
  encodeContext,
  type KeyCallOptions,
  type KeyDescriber,
  type KeyDescription,
  type KeyRotator,
  type KeyWrapper,
  type Kind,
  type Limits,
  WeightsealError,
  type WrappedKey,
  wipe,
  within,
} from '@weightseal/core';
import { randomBytes } from './crypto.js';
import { type KeyFile, type KeyVersion, versionName, withKeyFile } from './key-file.js';
import { rotateKeyFile } from './key-store.js';
import { ALLOWING, checkedPath, pathOf } from './uri.js';
import { type BlobKey, BODY_BYTES, openBlob, SALT_BYTES, sealBlob } from './wrap-blob.js';

const ALGORITHM = 'AES-256-GCM';
const LABEL = 'weightseal/local/wrap/1';
const BLOB_VERSION = 1;
const HEAD_BYTES = 1;
const named = /^([0-9a-f]{32})\/([1-9][0-9]{0,9})$/;

export interface LocalKeyOptions {
  /** The key file, by its path or `file:` URL. Relative paths count from the working directory of the process at each call. */
  readonly path: string | URL;
  /** Milliseconds that one call may take in all; 10 000 unless told. */
  readonly deadlineMs?: number | undefined;
  /** Whether the file may be another user's, neither root's nor this one's, who can put another key into it; the default is false. */
  readonly allowKeyOfOthers?: boolean | undefined;
}

type UriOptions = Omit<LocalKeyOptions, 'path'>;

const URI_OPTIONS: Readonly<Record<keyof UriOptions, Kind>> = {
  deadlineMs: 'any',
  allowKeyOfOthers: 'boolean',
};
const OPTIONS: Readonly<Record<keyof LocalKeyOptions, Kind>> = { ...URI_OPTIONS, path: 'any' };

export type LocalKey = KeyWrapper & KeyDescriber & KeyRotator;

/**
 * A key in a file. The file is read anew for each call, and every secret is wiped before the call returns, so nothing
 * secret is held between calls and a rotation takes effect at once.
 *
 * A wrap is `0x01 || salt (32) || ciphertext (32) || tag (16)`, 81 bytes, bound to
 * `I2BE(16, 4) || key id || I2BE(version, 4) || context`; wrap-blob.ts has the derivation.
 *
 * @throws INVALID_ARGUMENT for a path that no URI can name. The calls throw also KEY_FILE_INVALID and KEY_FILE_EXPOSED.
 */
export function createLocalKey(options: LocalKeyOptions): LocalKey {
  checkOptions(options, OPTIONS, 'A local key');
  const path = checkedPath(checkPath(options.path, 'The option `path`'), 'INVALID_ARGUMENT');
  const deadlineMs = checkedDeadline(options.deadlineMs);
  const uri = `local:${path}`;
  const access = { ofOthers: options.allowKeyOfOthers, allowing: ALLOWING };
  const limits = (call: KeyCallOptions | undefined, doing: string): Limits => {
    return { signal: call?.signal, deadlineMs, doing: `${doing} the key file ${path}` };
  };
  return {
    provider: 'local',
    uri,
    // The file may lie under another path than where it sealed; which key it holds is known when it has been read.
    fits: (slot) => parse(slot) !== undefined,
    effort: () => 0,
    async wrap(dataKey, context, call) {
      checkDataKey(dataKey);
      const bound = encodeContext(context);
      return within(limits(call, 'wrap with'), (stop) =>
        withKeyFile(
          path,
          stop,
          (file): WrappedKey => {
            const version = primary(file);
            const key = blobKey(file.id, version, randomBytes(SALT_BYTES), bound);
            const ciphertext = Buffer.concat([Uint8Array.of(BLOB_VERSION), sealBlob(key, dataKey)]);
            const keyVersion = versionName(file.id, version.version);
            return { keyUri: uri, keyVersion, algorithm: ALGORITHM, ciphertext };
          },
          access,
        ),
      );
    },
    async unwrap(wrapped, context, call) {
      const bound = encodeContext(context);
      const { id, version, salt, sealed } = parse(wrapped) ?? fail(NOT_OURS);
      return within(
        limits(call, 'unwrap with'),
        (stop) =>
          withKeyFile(
            path,
            stop,
            (file) => {
              const found = file.versions.find((one) => one.version === version);
              if (file.id !== id) throw otherKey(uri, wrapped.keyUri, id, file.id);
              if (found === undefined) throw unknownVersion(path, version, primary(file).version);
              return openBlob(blobKey(id, found, salt, bound), sealed) ?? fail(REJECTED);
            },
            access,
          ),
        wipe,
      );
    },
    describe(call): Promise<KeyDescription> {
      return within(limits(call, 'describe'), (stop) =>
        withKeyFile(
          path,
          stop,
          (file) => ({
            uri,
            primaryVersion: versionName(file.id, primary(file).version),
            algorithm: ALGORITHM,
            state: 'enabled',
            protection: 'software',
          }),
          access,
        ),
      );
    },
    rotate(call) {
      return betweenSteps(limits(call, 'rotate'), (stop) => rotateKeyFile(path, stop, access));
    },
  };
}

/**
 * The key of `local:<path>`. The path is taken as it stands, without percent-decoding.
 *
 * @throws KEY_URI_INVALID, INVALID_ARGUMENT
 */
export function localKeyFromUri(uri: string, options: UriOptions = {}): LocalKey {
  checkOptions(options, URI_OPTIONS, 'A key of local:');
  return createLocalKey({ ...options, path: checkedPath(pathOf(uri, 'local'), 'KEY_URI_INVALID') });
}

function blobKey(id: string, { version, secret }: KeyVersion, salt: Uint8Array, bound: Uint8Array): BlobKey {
  const idBytes = Buffer.from(id, 'hex');
  return { kek: secret, salt, label: LABEL, bound: [u32(idBytes.length), idBytes, u32(version), bound] };
}

function parse({ algorithm, keyVersion, ciphertext }: WrappedKey) {
  const [, id, version] = named.exec(keyVersion) ?? [];
  if (algorithm !== ALGORITHM || id === undefined || version === undefined) return undefined;
  if (ciphertext.length !== HEAD_BYTES + BODY_BYTES || ciphertext[0] !== BLOB_VERSION) return undefined;
  const body = ciphertext.subarray(HEAD_BYTES);
  return {
    id,
    version: Number(version),
    salt: body.subarray(0, SALT_BYTES),
    sealed: body.subarray(SALT_BYTES),
  };
}

function primary(file: KeyFile): KeyVersion {
  return file.versions.at(-1)!;
}

function u32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return out;
}

const NOT_OURS = 'The wrapped key was not made by a local key file, or is damaged.';
const REJECTED =
  'The key file holds the key that the wrap names, and it does not open: the wrap or its context was changed. ' +
  'Check that the context is the one it was sealed with, or put back an intact copy.';

function fail(message: string): never {
  throw new WeightsealError('UNWRAP_REJECTED', message);
}

function otherKey(uri: string, wrappedBy: string, wrapped: string, found: string): WeightsealError {
  const moved =
    uri === wrappedBy
      ? 'Put back the file that was there then'
      : 'Give the key file that wrapped it, wherever it lies now';
  return new WeightsealError(
    'UNWRAP_REJECTED',
    `This was wrapped by ${wrappedBy}, which was the key ${wrapped}, and ${uri} was given, which holds the key ${found}. ${moved}.`,
  );
}

function unknownVersion(path: string, version: number, newest: number): WeightsealError {
  return new WeightsealError(
    'UNWRAP_REJECTED',
    `This was wrapped under version ${version} of the local key, and ${path} lacks it (its newest is ${newest}). ` +
      'The file is an older or shortened copy; use the current one.',
  );
}

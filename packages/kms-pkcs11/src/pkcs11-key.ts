import { randomBytes } from 'node:crypto';
import {
  checkDataKey,
  checkedDeadline,
  checkOptions,
  DATA_KEY_BYTES,
  encodeContext,
  type KeyCallOptions,
  type KeyDescriber,
  type KeyRotator,
  type KeyWrapper,
  WeightsealError,
  wipe,
  within,
} from '@weightseal/core';
import { additionalData, decodeBlob, encodeBlob, isWrap, SEALED_BYTES } from './blob.js';
import { Client } from './client.js';
import { ALGORITHM, IV_BYTES } from './constants.js';
import { toDescription, versionIn } from './describe.js';
import {
  ACCESS_OPTIONS,
  type AccessOptions,
  checkedKey,
  checkedModule,
  checkedToken,
  KEY_OPTIONS,
  type Pkcs11KeyOptions,
} from './options.js';
import { pinSource } from './pin.js';
import { formatUri, type KeyIdentity, mayName, parseUri } from './uri.js';

export type Pkcs11Key = KeyWrapper & KeyDescriber & KeyRotator;

/**
 * An AES-256 key on a token, which wraps by AES-GCM on the token itself: the key never leaves it. A wrap is
 * `0x01 || IV (12) || ciphertext (32) || tag (16)`, bound to `weightseal/pkcs11/wrap/1 || context`; its version is the key's CKA_ID in hex.
 *
 * All keys with the label are versions; the one whose id sorts last wraps, and the one that the wrap names unwraps.
 *
 * @throws INVALID_ARGUMENT, KEY_URI_INVALID
 */
export function createPkcs11Key(options: Pkcs11KeyOptions): Pkcs11Key {
  checkOptions(options, Object.keys(KEY_OPTIONS), 'A key of PKCS#11');
  return keyOf({ token: checkedToken(options), key: checkedKey(options) }, options, undefined);
}

/**
 * The key of a URI of RFC 7512, as `pkcs11:token=…;object=…?module-path=/…&pin-source=file:/…`. What the options say goes before what the URI says;
 * a PIN never stands in it.
 *
 * @throws KEY_URI_INVALID, INVALID_ARGUMENT
 */
export function pkcs11KeyFromUri(uri: string, options: AccessOptions = {}): Pkcs11Key {
  checkOptions(options, Object.keys(ACCESS_OPTIONS), 'A key of pkcs11:');
  const { module, pinFile, ...identity } = parseUri(uri);
  return keyOf(identity, { ...options, module: options.module ?? module }, pinFile);
}

function keyOf(identity: KeyIdentity, options: AccessOptions, pinFile: string | undefined): Pkcs11Key {
  const { token, key } = identity;
  const uri = formatUri(identity);
  const deadlineMs = checkedDeadline(options.deadlineMs);
  const pin = pinSource(options.pin, pinFile);
  const client = new Client({ module: checkedModule(options.module), token, pin, deadlineMs });
  const limits = (call: KeyCallOptions | undefined, doing: string) => ({
    signal: call?.signal,
    deadlineMs,
    doing,
  });
  return {
    provider: 'pkcs11',
    uri,
    fits: (slot) =>
      mayName(slot.keyUri, slot.keyVersion, identity) &&
      isWrap(slot) &&
      (key.id === undefined || key.id === slot.keyVersion),
    async wrap(dataKey, context, call) {
      checkDataKey(dataKey);
      const input = Buffer.concat([randomBytes(IV_BYTES), dataKey, additionalData(encodeContext(context))]);
      const doing = `wrap with ${uri}`;
      try {
        return await within(limits(call, doing), async (stop) => {
          const { head, bytes } = await client.ask('wrap', key, input, stop, doing);
          if (bytes.length !== SEALED_BYTES) throw oddLength(uri);
          return {
            keyUri: uri,
            keyVersion: versionIn(uri, head),
            algorithm: ALGORITHM,
            ciphertext: encodeBlob(bytes),
          };
        });
      } finally {
        wipe(input);
      }
    },
    async unwrap(wrapped, context, call) {
      const bound = additionalData(encodeContext(context));
      if (!mayName(wrapped.keyUri, wrapped.keyVersion, identity)) throw otherKey(uri);
      const { id, sealed } = decodeBlob(wrapped);
      if (key.id !== undefined && key.id !== id) throw otherVersion(uri);
      const input = Buffer.concat([sealed, bound]);
      const doing = `unwrap with ${uri}`;
      return within(
        limits(call, doing),
        async (stop) => {
          const { bytes } = await client.ask('unwrap', { ...key, id }, input, stop, doing);
          if (bytes.length === DATA_KEY_BYTES) return bytes;
          wipe(bytes);
          throw oddLength(uri);
        },
        wipe,
      );
    },
    describe(call) {
      const doing = `describe ${uri}`;
      return within(limits(call, doing), async (stop) => {
        return toDescription(uri, (await client.ask('describe', key, Buffer.alloc(0), stop, doing)).head);
      });
    },
    async rotate(call) {
      if (key.id !== undefined || key.object === undefined) throw oneVersion(uri);
      const doing = `rotate ${uri}`;
      return within(limits(call, doing), async (stop) => {
        return versionIn(uri, (await client.ask('rotate', key, Buffer.alloc(0), stop, doing)).head);
      });
    },
  };
}

function oddLength(uri: string): WeightsealError {
  return new WeightsealError(
    'KEY_RESPONSE_INVALID',
    `The helper process answered another length than it must for ${uri}.`,
  );
}

function otherKey(uri: string): WeightsealError {
  return new WeightsealError(
    'UNWRAP_REJECTED',
    `This was wrapped under a key of another token or label than ${uri} names, so the token was not asked. Name the key that made it.`,
  );
}

function otherVersion(uri: string): WeightsealError {
  return new WeightsealError(
    'UNWRAP_REJECTED',
    `This was wrapped under a key with another id than ${uri} names; leave the id out to allow all versions of the label.`,
  );
}

function oneVersion(uri: string): WeightsealError {
  return new WeightsealError(
    'INVALID_ARGUMENT',
    `${uri} names one version by its id, which cannot be rotated; name the key by its label alone.`,
  );
}

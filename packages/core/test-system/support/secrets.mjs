// Every secret behind a sealed file, computed from FORMAT.md alone, and the spellings in which memory could hold them.
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

const kdf = (key, info, length) =>
  createHmac('sha384', key).update(info).update(Uint8Array.of(1)).digest().subarray(0, length);
const u32 = (value) => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value]);
const prefixed = (bytes) => Buffer.concat([u32(bytes.length), bytes]);
const label = (name) => Buffer.from(`weightseal/v1/${name}\0`);

/** @param unwrap a KeyWrapper's, of the key of the first slot */
export async function secretsOf(path, unwrap) {
  const file = readFileSync(path);
  const area = file.readUInt32BE(12);
  const document = JSON.parse(file.toString('utf8', 4096 + 56, 4096 + 56 + file.readUInt32BE(4096 + 16)));
  const core = Buffer.from(document.core, 'base64url');
  const { context, id } = JSON.parse(core);
  const slot = JSON.parse(Buffer.from(document.slots[0], 'base64url'));
  const dataKey = Buffer.from(
    await unwrap(
      {
        keyUri: slot.key,
        keyVersion: slot.version,
        algorithm: slot.algorithm,
        ciphertext: Buffer.from(slot.wrapped, 'base64url'),
      },
      context,
    ),
  );
  const idBytes = Buffer.from(id, 'base64url');
  const prefix = file.subarray(4096 + 2 * area, 4096 + 2 * area + 42);
  const aad = Buffer.concat([label('payload'), prefixed(core), prefixed(Buffer.from('payload'))]);
  const payloadKey = kdf(dataKey, Buffer.concat([label('payload-key'), idBytes, Buffer.from('payload')]), 32);
  const messageKey = kdf(payloadKey, Buffer.concat([prefix, Buffer.from('MESSAGE_KEY:'), aad]), 48);
  const segmentKey = kdf(messageKey, Buffer.concat([prefix, Buffer.from('DEK:'), Buffer.alloc(8), aad]), 32);
  return {
    dataKey,
    envelopeMacKey: kdf(dataKey, Buffer.concat([label('envelope-mac'), idBytes]), 48),
    metadataKey: kdf(dataKey, Buffer.concat([label('metadata-key'), idBytes]), 32),
    payloadKey,
    messageKey,
    segmentKey,
  };
}

/** The key-encryption keys of a local key file. */
export function kekOf(keyFile) {
  const [, hex] = /^key 1 \S+ ([0-9a-f]{64})$/m.exec(readFileSync(keyFile, 'latin1'));
  return Buffer.from(hex, 'hex');
}

/** Raw (each half by itself, so that a partly overwritten copy is found too), as text, and as HMAC's padded block. */
export function spellings(secrets) {
  const needles = {};
  for (const [name, key] of Object.entries(secrets)) {
    needles[`${name}, first half`] = key.subarray(0, key.length / 2);
    needles[`${name}, second half`] = key.subarray(key.length / 2);
    needles[`${name}, hex`] = Buffer.from(key.toString('hex'));
    needles[`${name}, HEX`] = Buffer.from(key.toString('hex').toUpperCase());
    // Without the end: the two spellings differ in padding only there, and in their 62nd and 63rd digits.
    needles[`${name}, base64`] = Buffer.from(key.toString('base64').slice(0, 40));
    needles[`${name}, base64url`] = Buffer.from(key.toString('base64url').slice(0, 40));
    needles[`${name}, HMAC inner block`] = key.map((byte) => byte ^ 0x36);
    needles[`${name}, HMAC outer block`] = key.map((byte) => byte ^ 0x5c);
  }
  return needles;
}

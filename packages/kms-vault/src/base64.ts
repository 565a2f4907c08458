import { secretBytes } from '@weightseal/core';

// From bytes to bytes: what once was a string stays in memory for as long as the runtime likes.

const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 'latin1');
const PAD = 0x3d;
const VALUES = new Uint8Array(256).fill(64);
for (const [value, character] of ALPHABET.entries()) VALUES[character] = value;

/** The ASCII of the padded base64 (RFC 4648 §4). The caller zeroes it. */
export function encodeBase64(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = secretBytes(4 * Math.ceil(bytes.length / 3));
  let at = 0;
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let shift = 18; shift >= 0; shift -= 6) out[at++] = ALPHABET[(group >> shift) & 63]!;
  }
  const missing = (3 - (bytes.length % 3)) % 3;
  out.fill(PAD, out.length - missing);
  return out;
}

/** What the ASCII of padded base64 stands for; undefined for anything but its one canonical spelling. The caller zeroes it. */
export function decodeBase64(text: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.at(-1) !== PAD ? 0 : text.at(-2) !== PAD ? 1 : 2;
  const out = secretBytes((text.length / 4) * 3 - padding);
  let [group, strange, at] = [0, 0, 0];
  for (let i = 0; i < text.length; i++) {
    const value = i < text.length - padding ? VALUES[text[i]!]! : 0;
    strange |= value & 64;
    group = (group << 6) | (value & 63);
    if (i % 4 !== 3) continue;
    for (let shift = 16; shift >= 0; shift -= 8) {
      const byte = (group >> shift) & 255;
      // Beyond the end: bits that belong to no byte.
      if (at < out.length) out[at++] = byte;
      else strange |= byte;
    }
    group = 0;
  }
  if (strange === 0) return out;
  out.fill(0);
  return undefined;
}

import { decodeBase64 } from './base64.js';
import { invalidAnswer } from './errors.js';
import type { KeyName } from './key-name.js';

const QUOTE = 0x22;
const BETWEEN = Buffer.from(': \t\r\n');
const BLANK = 0x78;

/** The object `data` of an answer of Vault's. @throws KEY_RESPONSE_INVALID, with nothing of what was answered */
export function dataOf(body: Buffer, key: KeyName): Readonly<Record<string, unknown>> {
  try {
    const { data } = JSON.parse(body.toString()) as { data?: unknown };
    if (typeof data === 'object' && data !== null) return data as Record<string, unknown>;
  } catch {
    // The parser's message quotes the answer.
  }
  throw invalidAnswer(key, 'the answer holds no data');
}

/**
 * What `data.plaintext` of an answer stands for. It is decoded where it lies and blanked there, before the rest becomes a string. The caller
 * zeroes the result.
 *
 * @throws KEY_RESPONSE_INVALID
 */
export function plaintextOf(body: Buffer, key: KeyName): Uint8Array {
  const name = body.indexOf('"plaintext"');
  let start = name + '"plaintext"'.length;
  while (name >= 0 && BETWEEN.includes(body[start] ?? QUOTE)) start++;
  const end = body.indexOf(QUOTE, start + 1);
  if (name < 0 || body[start] !== QUOTE || end < 0) throw invalidAnswer(key, 'the answer holds no plaintext');
  const base64 = body.subarray(start + 1, end);
  const plaintext = decodeBase64(base64);
  base64.fill(BLANK);
  try {
    const text = dataOf(body, key)['plaintext'];
    const found = typeof text === 'string' && text.length === base64.length && /^x*$/.test(text);
    if (plaintext !== undefined && found) return plaintext;
    throw invalidAnswer(key, 'the plaintext of the answer is not base64');
  } catch (error) {
    plaintext?.fill(0);
    throw error;
  }
}

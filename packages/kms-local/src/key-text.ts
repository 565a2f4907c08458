import { secretBytes, startsWithMark, UTF8_MARK } from '@weightseal/core';

const LINE_FEED = 0x0a;
const BLANKS: readonly number[] = [0x09, 0x0d, 0x20];

/**
 * The lines of a key file as they were written, whatever an editor, a mail or a checkout did to their ends: a mark of UTF-8 before them, carriage
 * returns and blanks at the end of a line, a last line without an end, empty lines after it. Nothing within a line is touched, and the
 * checksum is over what this gives. The caller wipes it.
 */
export function normalised(bytes: Uint8Array): Uint8Array {
  const out = secretBytes(bytes.length + 1);
  let length = 0;
  /** Behind the last byte that is no blank. */
  let end = 0;
  for (let at = startsWithMark(bytes) ? UTF8_MARK.length : 0; at <= bytes.length; at++) {
    const byte = bytes[at] ?? LINE_FEED;
    if (byte === LINE_FEED) {
      length = end;
      out[length++] = LINE_FEED;
      end = length;
      continue;
    }
    out[length++] = byte;
    if (!BLANKS.includes(byte)) end = length;
  }
  while (length > 1 && out[length - 1] === LINE_FEED && out[length - 2] === LINE_FEED) length--;
  return out.subarray(0, length);
}

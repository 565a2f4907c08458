import { isUtf8 } from 'node:buffer';
import { type ErrorCode, WeightsealError } from '@weightseal/core';
import { isUtf16, startsWithMark } from './key-text.js';
import { wipe } from './wipe.js';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * What of a file, a variable or an answer is the passphrase: its bytes as they are, which must be UTF-8, but for one line end at their end. No
 * string is made of them. `whence` is what messages call the place.
 *
 * @throws `code`, with nothing of what stands there; the bytes are wiped then
 */
export function passphraseIn(bytes: Uint8Array, whence: string, code: ErrorCode): Uint8Array {
  const problem = problemOf(bytes);
  if (problem === undefined) return bytes.subarray(0, lengthWithoutLineEnd(bytes));
  wipe(bytes);
  throw new WeightsealError(code, `The passphrase ${whence} cannot be used: ${problem}.`);
}

function problemOf(bytes: Uint8Array): string | undefined {
  if (isUtf16(bytes))
    return "it is UTF-16 (as PowerShell's `>` and Notepad's Unicode write it), or holds a zero byte; save it as UTF-8";
  if (startsWithMark(bytes))
    return 'it begins with a byte order mark (EF BB BF), which some editors add and nobody types; save it without';
  if (!isUtf8(bytes))
    return 'it is not UTF-8. Save or type it as UTF-8: of other encodings, several texts would become one and the same';
  return undefined;
}

/** A line feed, a carriage return or both: editors, `echo`, `docker --env-file` and terminals leave one; a second one is meant. */
function lengthWithoutLineEnd(bytes: Uint8Array): number {
  const { length } = bytes;
  if (bytes.at(-1) === CARRIAGE_RETURN) return length - 1;
  if (bytes.at(-1) !== LINE_FEED) return length;
  return bytes.at(-2) === CARRIAGE_RETURN ? length - 2 : length - 1;
}

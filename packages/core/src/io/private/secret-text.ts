import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { type ErrorCode, WeightsealError } from '../../errors.js';
import { wipe } from '../../format/bytes.js';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const REPLACEMENT = '\ufffd';
/**
 * The byte order mark of UTF-8.
 *
 * @hidden
 */
export const UTF8_MARK: readonly number[] = [0xef, 0xbb, 0xbf];

/**
 * What is secret, as messages call it, and the code for what it cannot be.
 *
 * @hidden
 */
export interface SecretText {
  readonly what: 'passphrase' | 'PIN';
  readonly code: ErrorCode;
}

/**
 * What of a file, a variable or an answer is the secret: its bytes as they are, which must be UTF-8, but for one line end at their end. No
 * string is made of them. `whence` is what messages call the place.
 *
 * @throws `code`, with nothing of what stands there; the bytes are wiped then
 * @hidden
 */
export function secretTextIn(bytes: Uint8Array, whence: string, { what, code }: SecretText): Uint8Array {
  const problem = problemOf(bytes);
  if (problem === undefined) return bytes.subarray(0, lengthWithoutLineEnd(bytes));
  wipe(bytes);
  throw new WeightsealError(code, `The ${what} ${whence} cannot be used: ${problem}.`);
}

/**
 * The secret in a variable of the environment; undefined where there is none. Node gives variables as text, in which all bytes that are not UTF-8
 * are one and the same character: where that one is there, the bytes that the process was started with tell whether it was meant.
 *
 * @throws `code` for what is not UTF-8, or may not be
 * @hidden
 */
export async function secretVariable(name: string, kind: SecretText): Promise<Uint8Array | undefined> {
  const value = process.env[name];
  if (!value) return undefined;
  const bytes = Buffer.from(value, 'utf8');
  if (!value.includes(REPLACEMENT) || (await startedWith(name, bytes)))
    return secretTextIn(bytes, `in ${name}`, kind);
  wipe(bytes);
  throw new WeightsealError(
    kind.code,
    `The ${kind.what} in ${name} cannot be used: it is not UTF-8. Set it as UTF-8: of other encodings, several texts would become one and the same.`,
  );
}

/**
 * What is to be done where `secretVariable` found none: a variable that is empty looks as if it were set.
 *
 * @hidden
 */
export function toSet(name: string): string {
  return process.env[name] === '' ? `give ${name} a value (it is set, and empty)` : `set ${name}`;
}

/**
 * Whether the bytes are text of UTF-16: by its mark, or by the zeros that every other byte of plain text is.
 *
 * @hidden
 */
export function isUtf16(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || bytes.includes(0);
}

/** @hidden */
export function startsWithMark(bytes: Uint8Array): boolean {
  return UTF8_MARK.every((byte, at) => bytes[at] === byte);
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

/** Whether these very bytes are what the process was started with; Linux tells. */
async function startedWith(name: string, bytes: Uint8Array): Promise<boolean> {
  const started = await readFile('/proc/self/environ').catch(() => Buffer.alloc(0));
  const entry = Buffer.concat([Buffer.from(`${name}=`), bytes, Buffer.of(0)]);
  const at = started.indexOf(entry);
  const found = at === 0 || (at > 0 && started[at - 1] === 0);
  wipe(started, entry);
  return found;
}

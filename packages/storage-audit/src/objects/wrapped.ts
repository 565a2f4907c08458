import { shown } from '@weightseal/core';
import { weightsByName } from './names.js';
import { isZip, namesIn } from './zip.js';

// What could be weights, and nobody can tell by 4 KiB: what stands around them hides them. Pure.

const STARTS: readonly (readonly [string, string])[] = [
  ['gzip', '1f8b'],
  ['bzip2', '425a68'],
  ['xz', 'fd377a585a00'],
  ['LZMA', '5d00008000'],
  ['Zstandard', '28b52ffd'],
  ['LZ4', '04224d18'],
  ['7-Zip', '377abcaf271c'],
  ['RAR', '526172211a07'],
  ['Snappy', 'ff060000734e61507059'],
  ['lzip', '4c5a4950'],
  ['lzop', '894c5a4f000d0a1a0a'],
  ['compress', '1f9d'],
  ['SquashFS', '68737173'],
  ['SquashFS', '73717368'],
  ['cpio', '303730373031'],
  ['ar', '213c617263683e0a'],
  // Actually Portable Executable, as llamafile is.
  ['a program of Cosmopolitan', '4d5a71467044'],
  // An archive without members, and one of several parts (APPNOTE.TXT 4.3.16, 8.5.4).
  ['zip', '504b0506'],
  ['zip', '504b0708'],
];
/** Where in a block of tar its sum stands; also that of version 7, which has no magic. */
const SUM_AT = 148;
const SUM_LENGTH = 8;
const USTAR_AT = 257;
const TAR_BLOCK = 512;
/** RFC 1950 2.2: Deflate with a window of 32 KiB, as everybody writes it. */
const ZLIB = 0x78;

/** Why the bytes could be weights although they are not known as such, to the end of a sentence; undefined where nothing says so. */
export function couldBeWeights(head: Uint8Array, size: number, path: string): string | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const start = STARTS.find(([, magic]) => bytes.toString('hex', 0, magic.length / 2) === magic);
  if (start) return `it begins like a file in ${start[0]}`;
  if (isZip(bytes)) {
    const named = namesIn(bytes).find((name) => weightsByName(name));
    if (named !== undefined) return `it is a zip that holds ${shown(named)}`;
    // Members may come behind that nobody has seen.
    if (size > bytes.length) return 'it is a zip whose other members were not seen';
  }
  if (isTar(bytes)) return 'it begins like a tar archive';
  if (isZlib(bytes)) return 'it begins like what zlib has compressed';
  return weightsByName(path, bytes) ? 'its name is that of a model' : undefined;
}

/** POSIX.1-1988 `ustar`, which GNU has too, or by the sum of the first block, where its own place counts as blanks. */
function isTar(bytes: Buffer): boolean {
  if (bytes.toString('latin1', USTAR_AT, USTAR_AT + 5) === 'ustar') return true;
  if (bytes.length < TAR_BLOCK) return false;
  const sum = /^ *([0-7]{1,7})[\0 ]/.exec(bytes.toString('latin1', SUM_AT, SUM_AT + SUM_LENGTH))?.[1];
  if (sum === undefined) return false;
  const counted = bytes
    .subarray(0, TAR_BLOCK)
    .reduce((all, byte, at) => all + (at >= SUM_AT && at < SUM_AT + SUM_LENGTH ? 0x20 : byte), 0);
  return Number.parseInt(sum, 8) === counted;
}

/** The two bytes are also how a text may begin ("x^2"). */
function isZlib(bytes: Buffer): boolean {
  if (bytes[0] !== ZLIB || bytes.length < 2 || bytes.readUInt16BE(0) % 31 !== 0) return false;
  return /[^\t\n\r\x20-\x7e]/.test(bytes.toString('latin1', 2, 66));
}

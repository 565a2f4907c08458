import {
  isUtf16,
  MAX_PRIVATE_FILE_BYTES,
  type PrivateFile,
  type PrivateOptions,
  readPrivateFile,
  secretBytes,
  WeightsealError,
  wipe,
} from '@weightseal/core';
import { createHash } from './crypto.js';
import { LineReader, LineWriter } from './key-bytes.js';
import { normalised } from './key-text.js';

export const SECRET_BYTES = 32;
export const KEY_ID_BYTES = 16;
/** As many as surely fit into 64 KiB. */
export const MAX_VERSIONS = 512;
export const MAX_VERSION: number = 2 ** 32 - 1;

const COMMENT =
  '# weightseal key file: opens all that it sealed. Keep it secret, and keep a copy in a safe place.';
const FORMAT = 'weightseal-key 1';

export interface KeyVersion {
  readonly version: number;
  /** UTC, to the second. */
  readonly created: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

export interface KeyFile {
  /** 16 random bytes in hex: the same through all rotations. Not secret. */
  readonly id: string;
  /** At least one, in ascending order; the last is primary. */
  readonly versions: readonly KeyVersion[];
}

/**
 * Parses the lines
 *
 *     # comment
 *     weightseal-key 1
 *     id <32 hex digits>
 *     key <version> <created> <64 hex digits>    (one or more, versions ascending)
 *     check <64 hex digits>                      (SHA-256 of all bytes before this line)
 *
 * each ended by a line feed. What an editor may have done to the line ends is undone first (key-text.ts). The checksum finds the typing error or the lost line that would otherwise seal under
 * a key that no backup holds. The caller wipes the secrets.
 *
 * @throws KEY_FILE_INVALID, with the number of the line and nothing of what stands in it
 */
export function parseKeyFile(written: Uint8Array, path: string): KeyFile {
  if (isUtf16(written)) throw otherEncoding(path);
  const bytes = normalised(written);
  try {
    return parseLines(bytes, path);
  } finally {
    wipe(bytes);
  }
}

function parseLines(bytes: Uint8Array, path: string): KeyFile {
  const reader = new LineReader(bytes, (line) => damaged(path, line));
  const versions: KeyVersion[] = [];
  let whole = false;
  try {
    for (const line of [COMMENT, FORMAT]) {
      reader.literal(line);
      reader.lineEnd();
    }
    const id = Buffer.alloc(KEY_ID_BYTES);
    reader.literal('id ');
    reader.hexInto(id);
    reader.lineEnd();
    do {
      const secret = secretBytes(SECRET_BYTES);
      reader.literal('key ');
      const version = reader.number(MAX_VERSION);
      reader.literal(' ');
      const created = reader.date();
      reader.literal(' ');
      versions.push({ version, created, secret });
      reader.hexInto(secret);
      if (version <= (versions.at(-2)?.version ?? 0) || versions.length > MAX_VERSIONS) throw reader.fail();
      reader.lineEnd();
    } while (!reader.startsWith('check '));
    const expected = checksum(bytes.subarray(0, reader.offset));
    const found = Buffer.alloc(expected.length);
    reader.literal('check ');
    reader.hexInto(found);
    if (!found.equals(expected)) throw reader.fail();
    reader.lineEnd();
    if (!reader.ended) throw reader.fail();
    whole = true;
    return { id: id.toString('hex'), versions };
  } finally {
    if (!whole) wipe(...versions.map(({ secret }) => secret));
  }
}

/** The bytes that parseKeyFile reads. The caller wipes them. */
export function encodeKeyFile({ id, versions }: KeyFile): Buffer {
  const writer = new LineWriter(MAX_PRIVATE_FILE_BYTES);
  writer.text(`${COMMENT}\n${FORMAT}\nid ${id}\n`);
  for (const { version, created, secret } of versions) {
    writer.text(`key ${version} ${created} `);
    writer.hex(secret);
    writer.text('\n');
  }
  const check = checksum(writer.written());
  writer.text('check ');
  writer.hex(check);
  writer.text('\n');
  return writer.written();
}

/**
 * Reads the key file anew, lends it, and wipes every secret of it before returning.
 *
 * @throws KEY_FILE_INVALID, and what readPrivateFile throws
 */
export async function withKeyFile<T>(
  path: string,
  stop: AbortSignal,
  use: (file: KeyFile, owner: Omit<PrivateFile, 'bytes'>) => T | Promise<T>,
  options: PrivateOptions = {},
): Promise<T> {
  let bytes: Buffer | undefined;
  let file: KeyFile | undefined;
  try {
    const read = await readPrivateFile(path, 'key file', stop, options);
    bytes = read.bytes;
    stop.throwIfAborted();
    file = parseKeyFile(bytes, path);
    return await use(file, read);
  } finally {
    wipe(bytes, ...(file?.versions ?? []).map(({ secret }) => secret));
  }
}

/** How a wrap names the version that wrapped it. */
export function versionName(id: string, version: number): string {
  return `${id}/${version}`;
}

function checksum(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function otherEncoding(path: string): WeightsealError {
  return new WeightsealError(
    'KEY_FILE_INVALID',
    `The key file ${path} is UTF-16, as PowerShell's \`>\` writes. Copy the file itself, or save it as UTF-8.`,
  );
}

function damaged(path: string, line: number): WeightsealError {
  return new WeightsealError(
    'KEY_FILE_INVALID',
    `The key file ${path} is not one, or is damaged: line ${line} is not what must stand there. ` +
      'Nothing of it was used; put back a copy.',
  );
}

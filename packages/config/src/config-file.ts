import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import { ioError, WeightsealError } from '@weightseal/core';
import { strangers } from './owner.js';
import { type Content, sha256 } from './trust.js';

/** Larger than any configuration; what comes with a downloaded model could fill the memory. */
const MAX_BYTES = 256 * 1024;
/** Larger than a bundle of any provider. */
const MAX_CODE_BYTES = 16 * 1024 * 1024;
const WRITABLE_BY_ALL = 0o002;

/** A file, read once: what was judged is what is parsed. */
export interface ConfigFile extends Content {
  readonly bytes: Uint8Array;
}

/**
 * Reads a file that was only found, and judges it: owner and mode are those of the descriptor that is read.
 *
 * @returns why it is not used just because it is there, to the end of a sentence whose subject is the file
 * @throws CONFIG_INVALID when it is too large; INPUT_NOT_FOUND, IO_ERROR
 */
export function readFound(path: string): ConfigFile | string {
  return read(path, (opened) => notToFind(path, opened));
}

/**
 * Reads code that a configuration names which was only found, and judges it in the same way.
 *
 * @returns as `readFound`
 * @throws CONFIG_INVALID when it is too large; INPUT_NOT_FOUND, IO_ERROR
 */
export function readCode(path: string): ConfigFile | string {
  return read(path, (opened) => notToFind(path, opened), MAX_CODE_BYTES);
}

/**
 * Reads a file that was named, whoever has it. A pipe, a terminal or a device might have us wait for ever, and have something else to say when
 * it is read again.
 *
 * @throws CONFIG_INVALID for what is no regular file, or too large; INPUT_NOT_FOUND, IO_ERROR
 */
export function readNamed(path: string): ConfigFile {
  const file = read(path, irregular);
  if (typeof file !== 'string') return file;
  throw notRegular(path);
}

export function notRegular(path: string): WeightsealError {
  return new WeightsealError(
    'CONFIG_INVALID',
    `${path} is no regular file; write the configuration to one, and name that.`,
  );
}

/**
 * The bytes of another file that a configuration names, of at most 256 KiB.
 *
 * @returns why it cannot be one, to the end of a sentence
 * @throws CONFIG_INVALID when it is too large; the system's error
 */
export function readNamedBytes(path: string): Uint8Array | string {
  const file = read(path, irregular);
  return typeof file === 'string' ? file : file.bytes;
}

/** Owner, mode and kind are judged of the descriptor that is read. */
function read(
  path: string,
  judge: (opened: Stats) => string | undefined,
  most = MAX_BYTES,
): ConfigFile | string {
  try {
    // Some devices do something when they are opened.
    const unopened = irregular(statSync(path));
    if (unopened !== undefined) return unopened;
    // To open a pipe would wait for its other end, and a terminal would become ours.
    const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0));
    try {
      const problem = judge(fstatSync(fd));
      if (problem !== undefined) return problem;
      return configFile(
        path,
        readUpTo(most + 1, (buffer, at) => readSync(fd, buffer, at, buffer.length - at, null)),
        most,
      );
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw ioError(error, `read the ${most === MAX_BYTES ? 'configuration' : 'provider'} ${path}`);
  }
}

function readUpTo(most: number, read: (buffer: Uint8Array, at: number) => number): Uint8Array {
  const buffer = new Uint8Array(most);
  let length = 0;
  for (let more = -1; more !== 0 && length < most; length += more) more = read(buffer, length);
  return buffer.subarray(0, length);
}

function configFile(path: string, bytes: Uint8Array, most: number): ConfigFile {
  if (bytes.length <= most) return { path, bytes, sha256: sha256(bytes) };
  throw new WeightsealError(
    'CONFIG_INVALID',
    `${path} is larger than ${most / 1024} KiB, more than any ${most === MAX_BYTES ? 'configuration' : 'provider'}.`,
  );
}

function irregular(opened: Stats): string | undefined {
  return opened.isFile() ? undefined : 'is no regular file';
}

function notToFind(path: string, opened: Stats): string | undefined {
  const problem = irregular(opened);
  if (problem !== undefined) return problem;
  const me = process.geteuid?.();
  if (me === undefined) return undefined;
  const named = lstatSync(path);
  // A link too: it could lead to any file of ours, or of root's, and have it taken for the configuration.
  for (const { uid } of [opened, named]) {
    const owner = strangers(uid, me, { rootToo: true });
    if (owner !== undefined) return owner;
  }
  if (opened.mode & WRITABLE_BY_ALL) return 'can be written to by everybody';
  const now = named.isSymbolicLink() ? statSync(path) : named;
  return now.dev === opened.dev && now.ino === opened.ino ? undefined : 'was replaced while it was read';
}

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import {
  type ErrorCode,
  ioError,
  isWeightsealError,
  secretBytes,
  systemFailure,
  WeightsealError,
} from '@weightseal/core';
import { wipe } from './wipe.js';

export const PIN_VARIABLE = 'WEIGHTSEAL_PKCS11_PIN';

/** Far longer than any token takes. */
const MAX_PIN_BYTES = 1024;
const GROUP_AND_OTHERS = 0o077;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** The user PIN of a token. What the function returns is wiped after use, if it is bytes; a string cannot be. */
export type Pin =
  | string
  | Uint8Array
  | ((signal: AbortSignal) => Promise<string | Uint8Array> | string | Uint8Array);

/** The PIN's bytes, which are the caller's to wipe. Asked for at each login, so that a PIN that was changed is found. */
export type PinSource = (signal: AbortSignal) => Promise<Uint8Array>;

/** From the option, else from the file of `pin-source`, else from WEIGHTSEAL_PKCS11_PIN. */
export function pinSource(pin: Pin | undefined, file: string | undefined): PinSource {
  if (pin !== undefined) return (signal) => fromOption(pin, signal);
  if (file !== undefined) return () => fromFile(file);
  return async () => {
    const value = process.env[PIN_VARIABLE];
    if (value) return copied(value);
    throw new WeightsealError(
      'KEY_DENIED',
      `The token wants a PIN and none is there: set ${PIN_VARIABLE}, name a file with pin-source=file:/path, or give the option \`pin\`.`,
    );
  };
}

async function fromOption(pin: Pin, signal: AbortSignal): Promise<Uint8Array> {
  if (typeof pin !== 'function') return copied(pin);
  const given = await answerOf(pin, signal);
  try {
    return copied(given);
  } finally {
    if (given instanceof Uint8Array) wipe(given);
  }
}

async function answerOf(
  pin: Exclude<Pin, string | Uint8Array>,
  signal: AbortSignal,
): Promise<string | Uint8Array> {
  try {
    return await pin(signal);
  } catch (cause) {
    if (signal.aborted || isWeightsealError(cause)) throw cause;
    throw new WeightsealError(
      'KEY_DENIED',
      'The function that was given as `pin` failed, so there is no PIN to log in with.',
      { cause },
    );
  }
}

function copied(pin: string | Uint8Array): Uint8Array {
  if (pin === '' || pin.length === 0) throw notAPin();
  if (pin instanceof Uint8Array) {
    const copy = secretBytes(pin.length);
    copy.set(pin);
    return copy;
  }
  if (typeof pin !== 'string') throw notAPin();
  const copy = secretBytes(Buffer.byteLength(pin));
  Buffer.from(copy.buffer).write(pin);
  return copy;
}

/** The file's content less one line end. As with key files, nobody but the owner may reach it. */
async function fromFile(path: string): Promise<Uint8Array> {
  let handle: FileHandle | undefined;
  try {
    // Without O_NONBLOCK, opening a FIFO would wait for a writer for ever.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stat = await handle.stat();
    if (!stat.isFile()) throw unfit(path, 'it is not a regular file');
    if (process.platform !== 'win32' && (stat.mode & GROUP_AND_OTHERS) !== 0) throw exposed(path, stat.mode);
    if (stat.size > MAX_PIN_BYTES) throw unfit(path, `it is over ${MAX_PIN_BYTES} bytes long`);
    return await readPin(handle, path);
  } catch (error) {
    throw isWeightsealError(error) ? error : unreadable(path, error);
  } finally {
    await handle?.close();
  }
}

async function readPin(handle: FileHandle, path: string): Promise<Uint8Array> {
  const buffer = secretBytes(MAX_PIN_BYTES);
  try {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    const length = lengthWithoutLineEnd(buffer.subarray(0, bytesRead));
    if (length === 0) throw unfit(path, 'it is empty');
    return copied(buffer.subarray(0, length));
  } finally {
    wipe(buffer);
  }
}

function lengthWithoutLineEnd(bytes: Uint8Array): number {
  if (bytes.at(-1) !== LINE_FEED) return bytes.length;
  return bytes.at(-2) === CARRIAGE_RETURN ? bytes.length - 2 : bytes.length - 1;
}

function notAPin(): WeightsealError {
  return new WeightsealError(
    'INVALID_ARGUMENT',
    'The option `pin` must be a text or bytes that are not empty, or a function that returns one.',
  );
}

function unfit(path: string, why: string): WeightsealError {
  return new WeightsealError('KEY_FILE_INVALID', `The PIN file ${path} cannot be used: ${why}.`);
}

function exposed(path: string, mode: number): WeightsealError {
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  return new WeightsealError(
    'KEY_FILE_EXPOSED',
    `The PIN file ${path} has mode ${octal}, so others than its owner can reach it. Run \`chmod 600\` on it, and change the PIN if somebody may have read it.`,
  );
}

function unreadable(path: string, cause: unknown): WeightsealError {
  const failure = ioError(cause, `read the PIN file ${path}`);
  const code = pinCodes[systemFailure(cause)?.errno ?? ''] ?? failure.code;
  return new WeightsealError(code, failure.message, { cause });
}

/** What of the machine's failures is one of the PIN file. */
const pinCodes: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'KEY_NOT_FOUND',
  ENOTDIR: 'KEY_NOT_FOUND',
  ENAMETOOLONG: 'KEY_NOT_FOUND',
  EACCES: 'KEY_DENIED',
  EPERM: 'KEY_DENIED',
  ERR_ACCESS_DENIED: 'KEY_DENIED',
};

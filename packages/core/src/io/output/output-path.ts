import { basename } from 'node:path';
import { WeightsealError } from '../../errors.js';

/** What file systems allow: in bytes, and on Windows in characters. */
const MAX_NAME = 255;
/** A descriptor that is open already, by the names that shells know, or their users: there is nothing to create. */
const STREAM =
  /^\/(?:dev\/(?:std(?:in|out|err)|fd\/[0-9]+)|proc\/(?:self|thread-self|[0-9]+)(?:\/task\/[0-9]+)?\/fd\/[0-9]+)$/;

/** @throws INVALID_ARGUMENT for what can be no file's path, whatever is there */
export function checkOutputPath(path: string): void {
  const windows = process.platform === 'win32';
  if (typeof path !== 'string' || path === '')
    throw refused('The output has no name; say which file it is to be.');
  if (path.includes('\0') || !path.isWellFormed())
    throw refused('The path of the output holds what no file can be called; choose another name.');
  if (isStream(path)) throw notAFile(path);
  const name = basename(path);
  if (path.endsWith('/') || (windows && path.endsWith('\\')) || name === '.' || name === '..')
    throw isDirectory(path);
  if ((windows ? name.length : Buffer.byteLength(name)) > MAX_NAME) throw nameTooLong(path);
}

function isStream(path: string): boolean {
  return STREAM.test(path.replace(/\/(?:\.?\/)+/g, '/'));
}

export function isDirectory(path: string): WeightsealError {
  return refused(`${path} is a directory; give the name of a file in it.`);
}

export function notAFile(path: string): WeightsealError {
  return refused(
    `${path} is no place for a file: it is a device, a pipe, a socket or an open descriptor. Write to a stream instead (-o -, and in the library openToStream or sealToStream).`,
  );
}

export function nameTooLong(path: string): WeightsealError {
  return refused(
    `${path} has a longer name than the file system allows (${MAX_NAME} bytes, at most); choose a shorter one.`,
  );
}

function refused(message: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', message);
}

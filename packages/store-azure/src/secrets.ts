import { isAbsolute } from 'node:path';
import { isWeightsealError, readPrivateFile, WeightsealError, wipe } from '@weightseal/core';
import type { AzureSecret } from './connection.js';

export function isSecret(given: unknown): given is AzureSecret {
  if (typeof given === 'string') return given !== '';
  if (typeof given !== 'object' || given === null) return false;
  const [[name, value] = [], ...more] = Object.entries(given);
  return (
    (name === 'env' || name === 'file') && typeof value === 'string' && value !== '' && more.length === 0
  );
}

/** What gets it. @throws STORE_DENIED where it is not there */
export function secretOf(
  secret: AzureSecret,
  what: string,
  directory: string | undefined,
): (signal: AbortSignal) => Promise<string> {
  if (typeof secret === 'string') return async () => secret;
  if ('file' in secret) {
    const { file } = secret;
    // Not joined: where `..` leads behind a linked directory, only the kernel knows.
    const path = directory === undefined || isAbsolute(file) ? file : `${directory}/${file}`;
    return (signal) => inFile(path, what, signal);
  }
  const { env } = secret;
  return async () => {
    const value = process.env[env];
    if (value) return value;
    throw denied(`The ${what} for the store comes from the variable ${env}, which is not set or empty`);
  };
}

async function inFile(path: string, what: string, signal: AbortSignal): Promise<string> {
  let bytes: Uint8Array | undefined;
  try {
    ({ bytes } = await readPrivateFile(path, `The ${what} for the store`, signal));
    const text = Buffer.from(bytes).toString('utf8').trim();
    if (text !== '') return text;
  } catch (error) {
    // Of the class of keys, since they are read so too.
    if (isWeightsealError(error) && error.code.startsWith('KEY_'))
      throw new WeightsealError('STORE_DENIED', error.message, { cause: error });
    throw error;
  } finally {
    wipe(bytes);
  }
  throw denied(`The ${what} for the store comes from ${path}, which is empty`);
}

export function denied(problem: string): WeightsealError {
  return new WeightsealError('STORE_DENIED', `${problem}.`);
}

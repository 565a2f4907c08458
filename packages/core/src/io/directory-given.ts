import { stat } from 'node:fs/promises';
import { WeightsealError } from '../errors.js';

// A sealed directory, a bundle, has functions of its own: whoever takes one of the others is told which.

/** @param instead what takes a directory */
export function directoryGiven(
  path: string,
  instead: string = 'sealBundle, and openBundle',
): WeightsealError {
  return new WeightsealError(
    'INVALID_ARGUMENT',
    `${path} is a directory, and this takes one file. For a directory a program has ${instead}.`,
  );
}

/** @throws INVALID_ARGUMENT for a directory; what cannot be looked at is told where it is opened */
export async function checkNoDirectory(path: string, instead: string): Promise<void> {
  if (await isA('directory', path)) throw directoryGiven(path, instead);
}

export async function isA(kind: 'directory' | 'file', path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return (kind === 'file' ? found?.isFile() : found?.isDirectory()) ?? false;
}

import { ioError, WeightsealError } from '@weightseal/core';
import { readNamedBytes } from './config-file.js';
import type { ConfigInput, ProfileInput } from './define.js';
import { from } from './kernel-path.js';
import { sha256, type TrustedFiles } from './trust.js';
import { filesOfTrust } from './trust-input.js';

// Keys and roots that a configuration names are a part of what its user trusts: what they say may not change behind his back.

/** The files that say whom a configuration trusts, whichever profile counts. */
export function trustFilesIn(config: ConfigInput): readonly string[] {
  const layers: readonly ProfileInput[] = [config, ...Object.values(config.profiles ?? {})];
  return [...new Set(layers.flatMap(({ trust }) => (trust ? filesOfTrust(trust) : [])))].sort();
}

/** What they are now, by their paths as the configuration has them. @throws CONFIG_INVALID, INPUT_NOT_FOUND, IO_ERROR */
export function pinsOf(paths: readonly string[], directory: string): TrustedFiles {
  return Object.fromEntries(paths.map((path) => [path, sha256(readTrustFile(path, directory))]));
}

/** @throws CONFIG_INVALID for what is no regular file, or too large; INPUT_NOT_FOUND, IO_ERROR */
export function readTrustFile(name: string, directory: string): Uint8Array {
  const path = from(directory, name);
  try {
    const bytes = readNamedBytes(path);
    if (typeof bytes !== 'string') return bytes;
    throw new WeightsealError('CONFIG_INVALID', `${path}, which \`trust\` names, ${bytes}.`);
  } catch (error) {
    throw ioError(error, `read ${path}, which \`trust\` names`);
  }
}

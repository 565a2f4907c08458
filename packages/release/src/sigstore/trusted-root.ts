import { readFile } from 'node:fs/promises';
import type { TrustMaterial } from '@sigstore/verify';
import { filePath, ioError, untilAborted, WeightsealError } from '@weightseal/core';
import { load } from './libraries.js';

/**
 * Whom Sigstore's signatures lead to: its authorities, logs and their keys.
 *
 * @param given the path of a `trusted_root.json`, or what it holds; the public instance's, brought and kept by TUF, unless told
 * @throws PROVIDER_MISSING, INPUT_NOT_FOUND, IO_ERROR, CONFIG_INVALID, KEY_UNAVAILABLE, ABORTED
 */
export async function trustMaterial(
  given: string | URL | Uint8Array | undefined,
  signal: AbortSignal | undefined,
): Promise<TrustMaterial> {
  const { toTrustMaterial } = await load(() => import('@sigstore/verify'));
  const path = filePath(given);
  if (typeof path === 'string') return await fromText(await textOf(path, signal), path, toTrustMaterial);
  if (path !== undefined)
    return await fromText(Buffer.from(path as Uint8Array).toString(), 'The trusted root', toTrustMaterial);
  const { getTrustedRoot } = await load(() => import('@sigstore/tuf'));
  try {
    return toTrustMaterial(await untilAborted(signal, () => getTrustedRoot()));
  } catch (cause) {
    if (cause instanceof WeightsealError) throw cause;
    throw new WeightsealError(
      'KEY_UNAVAILABLE',
      "The trusted root of Sigstore's public instance could not be brought. Check the network, or name a trusted_root.json (trustedRoot).",
      { cause },
    );
  }
}

async function textOf(path: string, signal: AbortSignal | undefined): Promise<string> {
  try {
    return await untilAborted(signal, () => readFile(path, 'utf8'));
  } catch (error) {
    throw ioError(error, `read ${path}`);
  }
}

/** @param whence what it is of, for messages */
async function fromText(
  text: string,
  whence: string,
  toTrustMaterial: (root: import('@sigstore/protobuf-specs').TrustedRoot) => TrustMaterial,
): Promise<TrustMaterial> {
  const { TrustedRoot } = await load(() => import('@sigstore/protobuf-specs'));
  try {
    return toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(text)));
  } catch (cause) {
    throw new WeightsealError(
      'CONFIG_INVALID',
      `${whence} is no trusted root of Sigstore; get it from where that instance is run.`,
      { cause },
    );
  }
}

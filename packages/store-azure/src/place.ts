import type { BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import { type StoreCall, type StoredObject, untilAborted, WeightsealError } from '@weightseal/core';
import type { Clients } from './clients.js';
import { type Asked, azureError } from './errors.js';
import type { Operation } from './failure-table.js';

/** A container, and how it is asked. */
export interface Place {
  /** Asks the SDK; what it throws comes out as an error of ours. */
  ask<T>(asked: Asked, call: StoreCall, work: (clients: Clients) => Promise<T>): Promise<T>;
  asked(operation: Operation, key: string): Asked;
}

export function placeOf(uri: string, load: (signal: AbortSignal) => Promise<Clients>): Place {
  return {
    async ask(asked, { signal }, work) {
      try {
        return await work(await untilAborted(signal, () => load(signal)));
      } catch (error) {
        throw azureError(error, asked, signal);
      }
    },
    asked: (operation, key) => ({
      operation,
      where: key === '' ? uri : `${uri}/${key}`,
      container: uri,
    }),
  };
}

/** @throws STORE_UNSUPPORTED for a key that would lead to another blob: Azure takes a backslash for a slash, and URLs have their own idea of dots */
export function blobOf({ container }: { readonly container: ContainerClient }, key: string): BlockBlobClient {
  if (
    key === '' ||
    !key.isWellFormed() ||
    key.includes('\\') ||
    key.split('/').some((name) => name === '.' || name === '..')
  )
    throw new WeightsealError(
      'STORE_UNSUPPORTED',
      'Azure has no blob of such a name: it is empty, no Unicode, or has a backslash, or . or .. among its names. Choose another.',
    );
  return container.getBlockBlobClient(key);
}

interface Described {
  readonly etag?: string | undefined;
  readonly lastModified?: Date | undefined;
}

/** @returns undefined for an answer that does not say which version it is of */
export function storedObject(
  key: string,
  size: number | undefined,
  described: Described,
): StoredObject | undefined {
  const { etag, lastModified } = described;
  if (!etag || size === undefined) return undefined;
  return {
    key,
    size,
    version: quoted(etag),
    ...(lastModified && !Number.isNaN(lastModified.getTime()) && { modified: lastModified.toISOString() }),
  };
}

/** A list has the ETags of headers without their quotes. */
function quoted(etag: string): string {
  return /^(?:W\/)?"/.test(etag) ? etag : `"${etag}"`;
}

import { type CopiedPart, type StoreCall, WeightsealError } from '@weightseal/core';
import type { Block } from './blocks.js';
import { type Asked, failureOf } from './errors.js';
import { blobOf, type Place } from './place.js';
import { read, stat } from './reading.js';
import { md5Of, sameChecksum } from './writing.js';

/** Of a block that is there and is needed in part only: what is read and sent again rather than asked of Azure. */
const MAX_PIECE_BYTES = 32 * 2 ** 20;

/** The blob that is written. */
export interface Target {
  readonly place: Place;
  readonly key: string;
  readonly asked: Asked;
}

/** The blocks of the blob that is going to be replaced, where they can become blocks of what replaces it. */
export interface Present {
  readonly version: string;
  readonly blocks: readonly Block[];
}

/** @throws INPUT_CHANGED where the blob is another by now */
export async function presentBlocks(
  { place, key, asked }: Target,
  version: string,
  call: StoreCall,
): Promise<Present> {
  return place.ask(asked, call, async (clients) => {
    const found = await blobOf(clients, key)
      .getBlockList('committed', { abortSignal: call.signal })
      .catch((error: unknown) => {
        // The blob is gone, or is of another kind: what was to be replaced.
        if (failureOf(error).status === 404) return undefined;
        throw error;
      });
    if (found?.etag !== version) throw changed(asked.where);
    return { version, blocks: found.committedBlocks ?? [] };
  });
}

/** The blocks that are there and of no blob yet: of all uploads. */
export async function stagedBlocks(
  { place, key, asked }: Target,
  call: StoreCall,
): Promise<readonly Block[]> {
  return place.ask(asked, call, async (clients) => {
    const found = await blobOf(clients, key)
      .getBlockList('uncommitted', { abortSignal: call.signal })
      .catch((error: unknown) => {
        if (failureOf(error).status === 404) return undefined;
        throw error;
      });
    return found?.uncommittedBlocks ?? [];
  });
}

/** @returns the names of the blocks that there are now: a block has at least one byte, and an empty blob none */
export async function stage(
  { place, key, asked }: Target,
  name: string,
  bytes: Uint8Array,
  call: StoreCall,
): Promise<string[]> {
  if (bytes.length === 0) return [];
  await place.ask(asked, call, async (clients) => {
    const md5 = md5Of(bytes);
    const answer = await blobOf(clients, key).stageBlock(name, bytes, bytes.length, {
      abortSignal: call.signal,
      ...(md5 && { transactionalContentMD5: md5 }),
    });
    sameChecksum(answer.contentMD5, md5, asked.where);
  });
  return [name];
}

/** A piece of a block that is there, as a block of its own: a small one is read and sent again, a large one is Azure's to copy. */
export async function stagePiece(
  target: Target,
  name: string,
  { offset, length }: { readonly offset: number; readonly length: number },
  version: string,
  call: StoreCall,
): Promise<void> {
  const { place, key } = target;
  if (length > MAX_PIECE_BYTES) {
    const from = { key, size: offset + length, version };
    await stageFromUrl(target, name, { from, offset, length }, call);
  } else {
    const { body } = await read(place, key, { offset, length, version }, call);
    await stage(target, name, Buffer.concat(await Array.fromAsync(body)), call);
  }
}

/** Azure reads the range itself. It has no condition on the version there: whether it was that one is looked up behind. @throws STORE_UNSUPPORTED, INPUT_CHANGED */
export async function stageFromUrl(
  { place, key, asked }: Target,
  name: string,
  { from, offset, length }: Omit<CopiedPart, 'index'>,
  call: StoreCall,
): Promise<void> {
  await place.ask({ ...asked, operation: 'copy' }, call, async (clients) => {
    const { url, ...authorization } = await clients.source(from.key, call.signal);
    await blobOf(clients, key)
      .stageBlockFromURL(name, url, offset, length, { abortSignal: call.signal, ...authorization })
      .catch((error: unknown) => {
        if (cannotCopy(error)) throw unsupported(asked.where);
        throw error;
      });
  });
  const { version } = await stat(place, from.key, call);
  if (version !== from.version) throw changed(place.asked('read', from.key).where);
}

/** What answers to Put Block From URL where it cannot, or may not read the source in that way. */
function cannotCopy(error: unknown): boolean {
  const { status, code } = failureOf(error);
  return status === 501 || status === 400 || /CopySource|NotImplemented|FeatureNotSupported/.test(code);
}

function unsupported(where: string): WeightsealError {
  return new WeightsealError(
    'STORE_UNSUPPORTED',
    `${where} could not be copied inside the store, which cannot read that range for it; it has to come through here.`,
  );
}

function changed(where: string): WeightsealError {
  return new WeightsealError('INPUT_CHANGED', `${where} was replaced meanwhile. Try again.`);
}

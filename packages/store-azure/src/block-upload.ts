import {
  type CopiedPart,
  type ObjectWriteOptions,
  type PartRules,
  type StoreCall,
  type StoredObject,
  type Upload,
  type UploadPart,
  WeightsealError,
} from '@weightseal/core';
import { type Block, blockNames, cut } from './blocks.js';
import { type Asked, failureOf } from './errors.js';
import { blobOf, type Place, storedObject } from './place.js';
import { fail, read, stat } from './reading.js';
import { CONTENT_TYPE, conditionsOf, md5Of, sameChecksum } from './writing.js';

/** https://learn.microsoft.com/azure/storage/blobs/scalability-targets */
const RULES: PartRules = {
  least: 1,
  most: 4000 * 2 ** 20,
  multiple: 1,
  count: 50_000,
  anyOrder: true,
};
/** Of a block that is there and is needed in part only: what is read and sent again rather than asked of Azure. */
const MAX_PIECE_BYTES = 32 * 2 ** 20;
/** A part that is copied may need a block before the blocks that are there, and one behind them. */
const NAMES_OF_A_PART = 2;

/** A part as its blocks, or as a range of blocks that are there, whose names are looked up at the end. */
type Part =
  | { readonly names: readonly string[]; readonly size: number }
  | { readonly offset: number; readonly size: number };

interface Range {
  readonly offset: number;
  readonly length: number;
}

/** The blocks of the blob that is going to be replaced, where they can become blocks of what replaces it. */
interface Present {
  readonly version: string;
  readonly blocks: readonly Block[];
}

/**
 * Blocks that are staged, and a list of them that is committed (https://learn.microsoft.com/rest/api/storageservices/put-block-list). There is no request that drops staged blocks
 * and changes nothing else: Azure does it a week after the last, or when the blob is written.
 */
export async function beginUpload(
  place: Place,
  key: string,
  { condition }: ObjectWriteOptions,
  call: StoreCall,
): Promise<Upload> {
  const asked: Asked = { ...place.asked('write', key), condition };
  const present =
    condition && 'ifVersion' in condition
      ? await committed(place, key, condition.ifVersion, asked, call)
      : undefined;
  const names = blockNames(present?.blocks);
  return new BlockUpload(place, key, asked, names ? present : undefined, names ?? blockNames()!);
}

async function committed(
  place: Place,
  key: string,
  version: string,
  asked: Asked,
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
    if (found?.etag !== version)
      throw new WeightsealError('INPUT_CHANGED', `${asked.where} was replaced meanwhile. Try again.`);
    return { version, blocks: found.committedBlocks ?? [] };
  });
}

class BlockUpload implements Upload {
  readonly rules: PartRules = RULES;
  readonly #place: Place;
  readonly #key: string;
  readonly #asked: Asked;
  readonly #present: Present | undefined;
  readonly #name: (index: number) => string;
  readonly #parts = new Map<number, Part>();
  /** Pieces of blocks that have been sent. */
  readonly #staged = new Set<string>();
  #unsure = false;
  #ended = false;

  constructor(
    place: Place,
    key: string,
    asked: Asked,
    present: Present | undefined,
    name: (index: number) => string,
  ) {
    this.#place = place;
    this.#key = key;
    this.#asked = asked;
    this.#present = present;
    this.#name = name;
  }

  async part({ index, bytes }: UploadPart, call: StoreCall): Promise<void> {
    const names = await this.#stage(this.#name(NAMES_OF_A_PART * index), bytes, call);
    this.#parts.set(index, { names, size: bytes.length });
  }

  async copy(part: CopiedPart, call: StoreCall): Promise<void> {
    const { index, from, offset, length } = part;
    const found =
      from.key === this.#key &&
      this.#present?.version === from.version &&
      cut(this.#present.blocks, offset, length);
    if (!found) {
      this.#parts.set(index, { names: [await this.#fromUrl(part, call)], size: length });
      return;
    }
    const previous = this.#parts.get(index - 1);
    // Said at once, for the part behind it: what lies between two ranges that touch goes with either, and is not cut.
    this.#parts.set(index, { offset, size: length });
    const touches = previous && 'offset' in previous && previous.offset + previous.size === offset;
    if (!touches) await this.#piece(this.#name(NAMES_OF_A_PART * index), found.before, call);
  }

  async complete(call: StoreCall): Promise<StoredObject> {
    if (this.#ended)
      throw new WeightsealError(
        'INPUT_NOT_FOUND',
        `${this.#asked.where} could not be written: its upload was given up. Begin anew.`,
      );
    const names = await this.#names(call);
    const size = [...this.#parts.values()].reduce((sum, part) => sum + part.size, 0);
    const again = this.#unsure;
    this.#unsure = true;
    try {
      return await this.#place.ask(this.#asked, call, async (clients) => {
        const written = await blobOf(clients, this.#key).commitBlockList(names, {
          abortSignal: call.signal,
          conditions: conditionsOf(this.#asked.condition),
          blobHTTPHeaders: { blobContentType: CONTENT_TYPE },
        });
        return (
          storedObject(this.#key, size, written) ??
          fail(this.#asked.where, 'does not say which version it is of')
        );
      });
    } catch (error) {
      // The answer to an earlier attempt was lost, and that one won: the names tell.
      const own = again ? await this.#alreadyThere(names, size, call) : undefined;
      if (own) return own;
      throw error;
    }
  }

  /** There is nothing to ask: Azure drops the blocks by itself. */
  async abort(): Promise<void> {
    this.#ended = true;
  }

  async #stage(name: string, bytes: Uint8Array, call: StoreCall): Promise<readonly string[]> {
    // A block has at least one byte, and an empty blob none.
    if (bytes.length === 0) return [];
    await this.#place.ask(this.#asked, call, async (clients) => {
      const md5 = md5Of(bytes);
      const answer = await blobOf(clients, this.#key).stageBlock(name, bytes, bytes.length, {
        abortSignal: call.signal,
        ...(md5 && { transactionalContentMD5: md5 }),
      });
      sameChecksum(answer.contentMD5, md5, this.#asked.where);
    });
    return [name];
  }

  /** All blocks in their order. Of ranges that touch, the blocks in and between them are once more what they were, without moving them. */
  async #names(call: StoreCall): Promise<string[]> {
    const parts = [...this.#parts].sort(([a], [b]) => a - b);
    const names: string[] = [];
    for (let at = 0; at < parts.length; at++) {
      const [index, part] = parts[at]!;
      if ('names' in part) {
        names.push(...part.names);
        continue;
      }
      let [last, length] = [index, part.size];
      for (let next = parts[at + 1]; next; next = parts[at + 1]) {
        const [follows, { size }] = next;
        if (!('offset' in next[1]) || next[1].offset !== part.offset + length) break;
        [last, length] = [follows, length + size];
        at++;
      }
      const { before, names: whole, behind } = cut(this.#present!.blocks, part.offset, length)!;
      names.push(...(await this.#piece(this.#name(NAMES_OF_A_PART * index), before, call)), ...whole);
      names.push(...(await this.#piece(this.#name(NAMES_OF_A_PART * last + 1), behind, call)));
    }
    return names;
  }

  /** A piece of a block that is there, as a block of its own: a small one is read and sent again, a large one is Azure's to copy. */
  async #piece(name: string, { offset, length }: Range, call: StoreCall): Promise<string[]> {
    if (length === 0) return [];
    if (this.#staged.has(name)) return [name];
    const version = this.#present!.version;
    if (length > MAX_PIECE_BYTES) {
      const from = { key: this.#key, size: offset + length, version };
      await this.#fromUrl({ index: 0, from, offset, length }, call, name);
    } else {
      const { body } = await read(this.#place, this.#key, { offset, length, version }, call);
      await this.#stage(name, Buffer.concat(await Array.fromAsync(body)), call);
    }
    this.#staged.add(name);
    return [name];
  }

  /** Azure reads the range itself. It has no condition on the version there: whether it was that one is looked up behind. */
  async #fromUrl(
    { index, from, offset, length }: CopiedPart,
    call: StoreCall,
    name: string = this.#name(NAMES_OF_A_PART * index),
  ): Promise<string> {
    const asked: Asked = { ...this.#asked, operation: 'copy' };
    await this.#place.ask(asked, call, async (clients) => {
      const { url, ...authorization } = await clients.source(from.key, call.signal);
      await blobOf(clients, this.#key)
        .stageBlockFromURL(name, url, offset, length, { abortSignal: call.signal, ...authorization })
        .catch((error: unknown) => {
          if (cannotCopy(error)) throw unsupported(asked.where);
          throw error;
        });
    });
    const { version } = await stat(this.#place, from.key, call);
    if (version !== from.version)
      throw new WeightsealError(
        'INPUT_CHANGED',
        `${this.#place.asked('read', from.key).where} was replaced meanwhile. Try again.`,
      );
    return name;
  }

  async #alreadyThere(
    names: readonly string[],
    size: number,
    call: StoreCall,
  ): Promise<StoredObject | undefined> {
    return this.#place
      .ask(this.#asked, call, async (clients) => {
        const found = await blobOf(clients, this.#key).getBlockList('committed', {
          abortSignal: call.signal,
        });
        const committed = (found.committedBlocks ?? []).map(({ name }) => name);
        const same = committed.length === names.length && committed.every((name, at) => name === names[at]);
        // Names that are all somebody else's, or none at all, tell nothing.
        return same && names.some((name) => this.#isNew(name))
          ? storedObject(this.#key, size, found)
          : undefined;
      })
      .catch(() => undefined);
  }

  #isNew(name: string): boolean {
    return !this.#present?.blocks.some((block) => block.name === name);
  }
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

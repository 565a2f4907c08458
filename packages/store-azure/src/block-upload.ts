import {
  type CopiedPart,
  type ObjectWriteOptions,
  type PartRules,
  type ResumeOptions,
  type StoreCall,
  type StoredObject,
  type Upload,
  type UploadPart,
  WeightsealError,
} from '@weightseal/core';
import { type Block, BlockNames, blockNames, type Cut, cut } from './blocks.js';
import { blobOf, type Place, storedObject } from './place.js';
import { fail } from './reading.js';
import {
  type Present,
  presentBlocks,
  stage,
  stagedBlocks,
  stageFromUrl,
  stagePiece,
  type Target,
} from './staging.js';
import { CONTENT_TYPE, conditionsOf } from './writing.js';

/** https://learn.microsoft.com/azure/storage/blobs/scalability-targets */
const RULES: PartRules = {
  least: 1,
  most: 4000 * 2 ** 20,
  multiple: 1,
  count: 50_000,
  anyOrder: true,
};
/** A part that is copied may need a block before the blocks that are there, and one behind them. */
const NAMES_OF_A_PART = 2;

/** A part as its blocks, or as a range of blocks that are there, whose names are looked up at the end. */
type Part =
  | { readonly names: readonly string[]; readonly size: number }
  | { readonly offset: number; readonly size: number };

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
  const target: Target = { place, key, asked: { ...place.asked('write', key), condition } };
  const present =
    condition && 'ifVersion' in condition
      ? await presentBlocks(target, condition.ifVersion, call)
      : undefined;
  const names = blockNames(present?.blocks);
  return new BlockUpload(target, names ? present : undefined, names ?? blockNames()!);
}

const RANDOM = /^[0-9a-f]{8,56}$/;

/** Blocks that are staged stay for a week. There is no upload that could be over: of one that is, no blocks are there. */
export async function resumeUpload(
  place: Place,
  key: string,
  { condition, ticket, size, partBytes }: ResumeOptions,
  call: StoreCall,
): Promise<Upload> {
  const target: Target = { place, key, asked: { ...place.asked('write', key), condition } };
  if (!RANDOM.test(ticket)) throw over(target.asked.where);
  const upload = new BlockUpload(target, undefined, new BlockNames(ticket));
  for (const block of await stagedBlocks(target, call))
    upload.take(block, (index) => Math.min(partBytes, size - index * partBytes));
  return upload;
}

class BlockUpload implements Upload {
  readonly rules: PartRules = RULES;
  readonly #target: Target;
  readonly #present: Present | undefined;
  readonly #names: BlockNames;
  readonly #parts = new Map<number, Part>();
  /** Pieces of blocks that have been sent. */
  readonly #staged = new Set<string>();
  #unsure = false;
  #ended = false;

  constructor(target: Target, present: Present | undefined, names: BlockNames) {
    this.#target = target;
    this.#present = present;
    this.#names = names;
  }

  get ticket(): string {
    return this.#names.random;
  }

  get taken(): ReadonlySet<number> {
    return new Set(this.#parts.keys());
  }

  /** A block that is there already, where it is one of these and has the size of its part. */
  take({ name, size }: Block, sizeOf: (index: number) => number): void {
    const index = (this.#names.indexOf(name) ?? Number.NaN) / NAMES_OF_A_PART;
    if (Number.isInteger(index) && size === sizeOf(index)) this.#parts.set(index, { names: [name], size });
  }

  async part({ index, bytes }: UploadPart, call: StoreCall): Promise<void> {
    const names = await stage(this.#target, this.#names.of(NAMES_OF_A_PART * index), bytes, call);
    this.#parts.set(index, { names, size: bytes.length });
  }

  async copy(part: CopiedPart, call: StoreCall): Promise<void> {
    const { index, from, offset, length } = part;
    const found =
      from.key === this.#target.key &&
      this.#present?.version === from.version &&
      cut(this.#present.blocks, offset, length);
    if (!found) {
      const name = this.#names.of(NAMES_OF_A_PART * index);
      await stageFromUrl(this.#target, name, part, call);
      this.#parts.set(index, { names: [name], size: length });
      return;
    }
    const previous = this.#parts.get(index - 1);
    // Said at once, for the part behind it: what lies between two ranges that touch goes with either, and is not cut.
    this.#parts.set(index, { offset, size: length });
    const touches = previous && 'offset' in previous && previous.offset + previous.size === offset;
    if (!touches) await this.#piece(this.#names.of(NAMES_OF_A_PART * index), found.before, call);
  }

  async complete(call: StoreCall): Promise<StoredObject> {
    if (this.#ended) throw over(this.#target.asked.where);
    const names = await this.#inOrder(call);
    const size = [...this.#parts.values()].reduce((sum, part) => sum + part.size, 0);
    const again = this.#unsure;
    this.#unsure = true;
    try {
      return await this.#target.place.ask(this.#target.asked, call, async (clients) => {
        const written = await blobOf(clients, this.#target.key).commitBlockList(names, {
          abortSignal: call.signal,
          conditions: conditionsOf(this.#target.asked.condition),
          blobHTTPHeaders: { blobContentType: CONTENT_TYPE },
        });
        return (
          storedObject(this.#target.key, size, written) ??
          fail(this.#target.asked.where, 'does not say which version it is of')
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

  /** All blocks in their order. Of ranges that touch, the blocks in and between them are once more what they were, without moving them. */
  async #inOrder(call: StoreCall): Promise<string[]> {
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
      names.push(...(await this.#piece(this.#names.of(NAMES_OF_A_PART * index), before, call)), ...whole);
      names.push(...(await this.#piece(this.#names.of(NAMES_OF_A_PART * last + 1), behind, call)));
    }
    return names;
  }

  async #piece(name: string, range: Cut['before'], call: StoreCall): Promise<string[]> {
    if (range.length === 0) return [];
    if (!this.#staged.has(name)) await stagePiece(this.#target, name, range, this.#present!.version, call);
    this.#staged.add(name);
    return [name];
  }

  async #alreadyThere(
    names: readonly string[],
    size: number,
    call: StoreCall,
  ): Promise<StoredObject | undefined> {
    return this.#target.place
      .ask(this.#target.asked, call, async (clients) => {
        const found = await blobOf(clients, this.#target.key).getBlockList('committed', {
          abortSignal: call.signal,
        });
        const committed = (found.committedBlocks ?? []).map(({ name }) => name);
        const same = committed.length === names.length && committed.every((name, at) => name === names[at]);
        // Names that are all somebody else's, or none at all, tell nothing.
        return same && names.some((name) => this.#isNew(name))
          ? storedObject(this.#target.key, size, found)
          : undefined;
      })
      .catch(() => undefined);
  }

  #isNew(name: string): boolean {
    return !this.#present?.blocks.some((block) => block.name === name);
  }
}

function over(where: string): WeightsealError {
  return new WeightsealError(
    'INPUT_NOT_FOUND',
    `${where} could not be written: its upload was given up. Begin anew.`,
  );
}

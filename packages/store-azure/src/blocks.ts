import { randomBytes } from 'node:crypto';

// Pure: which blocks a blob is made of, and what new ones are called.

/** A block of a blob that is there. */
export interface Block {
  readonly name: string;
  readonly size: number;
}

/** A range of a blob by its blocks: those that lie wholly in it, and what of others is before and behind them. */
export interface Cut {
  readonly before: { readonly offset: number; readonly length: number };
  readonly names: readonly string[];
  readonly behind: { readonly offset: number; readonly length: number };
}

/** Undefined where no block lies wholly in the range, or the blocks end before it. */
export function cut(blocks: readonly Block[], offset: number, length: number): Cut | undefined {
  const end = offset + length;
  const names: string[] = [];
  let [at, first, last] = [0, -1, -1];
  for (const { name, size } of blocks) {
    if (at >= offset && at + size <= end) {
      if (first < 0) first = at;
      last = at + size;
      names.push(name);
    }
    at += size;
  }
  if (names.length === 0 || at < end) return undefined;
  return {
    before: { offset, length: first - offset },
    names,
    behind: { offset: last, length: end - last },
  };
}

const INDEX_DIGITS = 8;
const OWN_BYTES = 32;
const LEAST_BYTES = INDEX_DIGITS + 8;
const MOST_BYTES = 64;

/**
 * Names the blocks of one upload. All uploads to a blob share one list of blocks that are not committed, so that half of a name is random; and all blocks of a blob have names
 * of one length, so that those which go on with blocks that are there have the length of theirs.
 *
 * @returns undefined where their names are too short for that
 */
export function blockNames(blocks: readonly Block[] = []): BlockNames | undefined {
  const lengths = new Set(blocks.map(({ name }) => Buffer.from(name, 'base64').length));
  const [length = OWN_BYTES] = lengths;
  if (lengths.size > 1 || length < LEAST_BYTES || length > MOST_BYTES) return undefined;
  return new BlockNames(
    randomBytes(length)
      .toString('hex')
      .slice(0, length - INDEX_DIGITS),
  );
}

export class BlockNames {
  /** What only those of one upload begin with. */
  readonly random: string;

  constructor(random: string) {
    this.random = random;
  }

  of(index: number): string {
    const digits = String(index).padStart(INDEX_DIGITS, '0');
    return Buffer.from(`${this.random}${digits}`, 'latin1').toString('base64');
  }

  /** Which one it is, where it is one of this upload. */
  indexOf(name: string): number | undefined {
    const text = Buffer.from(name, 'base64').toString('latin1');
    const digits = text.slice(this.random.length);
    return text.startsWith(this.random) && digits.length === INDEX_DIGITS && /^\d+$/.test(digits)
      ? Number(digits)
      : undefined;
  }
}

import type { Identity } from '../engine/files-task.js';

const FIELDS = 4;

/** What files were when they were found. In one piece of memory: as numbers of any length there would be four objects for each file. */
export class Identities {
  #fields = new BigInt64Array(FIELDS * 256);
  #count = 0;

  /** Returns its number. */
  add({ dev, ino, size, mtimeNs }: Identity): number {
    const at = this.#count++ * FIELDS;
    if (at === this.#fields.length) {
      const more = new BigInt64Array(at * 2);
      more.set(this.#fields);
      this.#fields = more;
    }
    for (const [field, value] of [dev, ino, size, mtimeNs].entries()) this.#fields[at + field] = value;
    return this.#count - 1;
  }

  at(index: number): Identity {
    const [dev, ino, size, mtimeNs] = this.#fields.subarray(index * FIELDS, (index + 1) * FIELDS);
    return { dev: unsigned(dev!), ino: unsigned(ino!), size: size!, mtimeNs: mtimeNs! };
  }
}

function unsigned(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

/** Where the files of a seal are read, and what they were: by their records, of which there may be a million. */
export class Sources {
  readonly #identities: Identities;
  readonly #numbers: Uint32Array;
  readonly #inputs = new Map<number, string>();

  /** @param files what was found, in the order of the records */
  constructor(
    files: readonly { readonly identity?: number; readonly input?: string }[],
    identities: Identities,
  ) {
    this.#identities = identities;
    this.#numbers = Uint32Array.from(files, ({ identity }) => identity!);
    for (const [record, { input }] of files.entries())
      if (input !== undefined) this.#inputs.set(record, input);
  }

  get count(): number {
    return this.#numbers.length;
  }

  identityOf(record: number): Identity {
    return this.#identities.at(this.#numbers[record]!);
  }

  /** Of a file that was reached by a link: where it is read. */
  inputOf(record: number): string | undefined {
    return this.#inputs.get(record);
  }
}

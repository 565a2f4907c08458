import { encodeFields, type Field, type Layout } from './layout.js';

/** Memory that a C function may read and write: it stays where it is as long as the object lives. */
export interface Block {
  readonly bytes: Buffer;
  /** 0 for an empty block: PKCS#11 takes NULL with a length of 0. */
  readonly address: bigint;
}

/**
 * The memory of a few C calls. Everything in it is zeroed when it is disposed of, so what held a key, a PIN or a data key holds it no longer.
 * Being disposed of after the calls is also what keeps the garbage collector away during them.
 */
export class Memory implements Disposable {
  readonly layout: Layout;
  readonly #addressOf: (bytes: Buffer) => bigint;
  readonly #blocks: Buffer[] = [];

  constructor(layout: Layout, addressOf: (bytes: Buffer) => bigint) {
    this.layout = layout;
    this.#addressOf = addressOf;
  }

  /** So many zeros. */
  empty(length: number): Block {
    // A buffer of its own: never on V8's heap, which moves what lies there.
    const bytes = Buffer.allocUnsafeSlow(length).fill(0);
    this.#blocks.push(bytes);
    return { bytes, address: length === 0 ? 0n : this.#addressOf(bytes) };
  }

  copy(content: Uint8Array): Block {
    const block = this.empty(content.length);
    block.bytes.set(content);
    return block;
  }

  /** A structure, or an array of them. */
  fields(...fields: readonly Field[]): Block {
    return this.copy(encodeFields(this.layout, fields));
  }

  [Symbol.dispose](): void {
    for (const bytes of this.#blocks) bytes.fill(0);
  }
}

import { randomUUID } from 'node:crypto';
import type {
  CopiedPart,
  PartRules,
  StoreCall,
  StoredObject,
  Upload,
  UploadPart,
  WriteCondition,
} from '@weightseal/core';
import { changed, invalid, type MemoryStore } from './memory-store.js';

/** An upload in parts to a store in memory. */
export class MemoryUpload implements Upload {
  readonly key: string;
  readonly ticket = randomUUID();
  /** Of one that was resumed. */
  taken: ReadonlySet<number> | undefined;
  readonly started = '2026-01-02T03:04:05.000Z';
  readonly parts = new Map<number, Uint8Array>();
  readonly #store: MemoryStore;
  readonly #condition: WriteCondition | undefined;
  #completed: StoredObject | undefined;

  constructor(store: MemoryStore, key: string, condition: WriteCondition | undefined) {
    this.key = key;
    this.#store = store;
    this.#condition = condition;
  }

  get rules(): PartRules {
    return this.#store.rules;
  }

  part({ index, offset, bytes }: UploadPart, call: StoreCall): Promise<void> {
    const request = { method: 'part', key: this.key, offset, length: bytes.length } as const;
    const given = bytes.slice();
    return this.#store.answer(request, call, () => {
      this.#checkOpen();
      this.#checkOrder(index);
      this.parts.set(index, given);
    });
  }

  copy({ index, from, offset, length }: CopiedPart, call: StoreCall): Promise<void> {
    return this.#store.answer({ method: 'copy', key: from.key, offset, length }, call, () => {
      this.#checkOpen();
      this.#checkOrder(index);
      const held = this.#store.objects.get(from.key);
      if (held?.object.version !== from.version) throw changed(from.key);
      if (offset + length > held.bytes.length) throw invalid('a range beyond the end is copied');
      this.parts.set(index, held.bytes.slice(offset, offset + length));
    });
  }

  complete(call: StoreCall): Promise<StoredObject> {
    return this.#store.answer({ method: 'complete', key: this.key }, call, () => {
      if (this.#completed) return this.#completed;
      this.#checkOpen();
      const parts = [...this.parts].sort(([a], [b]) => a - b);
      this.#checkParts(parts);
      this.#store.check(this.key, this.#condition);
      this.#store.uploads.delete(this);
      this.#completed = this.#store.set(this.key, Buffer.concat(parts.map(([, bytes]) => bytes)));
      return this.#completed;
    });
  }

  abort(call: StoreCall): Promise<void> {
    return this.#store.answer({ method: 'abort', key: this.key }, call, () => {
      this.#store.uploads.delete(this);
      this.parts.clear();
    });
  }

  #checkOpen(): void {
    if (!this.#store.uploads.has(this)) throw invalid('the upload is over');
  }

  #checkOrder(index: number): void {
    if (!this.rules.anyOrder && index > this.parts.size) throw invalid('a part comes before its turn');
  }

  #checkParts(parts: readonly (readonly [number, Uint8Array])[]): void {
    const { least, most, multiple, count } = this.rules;
    if (parts.length > count) throw invalid('there are too many parts');
    for (const [at, [index, { length }]] of parts.entries()) {
      const last = at === parts.length - 1;
      if (index !== at) throw invalid(`part ${at} is missing`);
      if (length > most) throw invalid(`part ${at} is too long`);
      if (!last && (length < least || length % multiple !== 0))
        throw invalid(`part ${at} has ${length} bytes`);
    }
  }
}

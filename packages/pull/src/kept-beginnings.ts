import type { ObjectBody, ObjectRange, ObjectStore, StoreCall, StoredObject } from '@weightseal/core';
import { joined, nothing, watched } from './bodies.js';

interface Kept {
  readonly object: StoredObject;
  readonly pieces: Uint8Array[];
  length: number;
}

/**
 * A store of which all that is read from the beginning of an object on is kept, and given again: what is judged, and what is used afterwards, are the same bytes. For documents, which are small. It lists nothing.
 */
export class KeptBeginnings implements ObjectStore {
  readonly uri: string;
  readonly concurrency: number | undefined;
  readonly requestBytes: number | undefined;
  readonly #store: ObjectStore;
  readonly #kept = new Map<string, Kept>();

  constructor(store: ObjectStore) {
    this.uri = store.uri;
    this.concurrency = store.concurrency;
    this.requestBytes = store.requestBytes;
    this.#store = store;
  }

  /** What has been read of it; undefined where nothing was. */
  bytesOf(key: string): { readonly object: StoredObject; readonly bytes: Uint8Array } | undefined {
    const kept = this.#kept.get(key);
    return kept && { object: kept.object, bytes: Buffer.concat(kept.pieces) };
  }

  stat(key: string, call: StoreCall): Promise<StoredObject> {
    return this.#store.stat(key, call);
  }

  async read(key: string, range: ObjectRange, call: StoreCall): Promise<ObjectBody> {
    const { offset, length } = range;
    const kept = this.#kept.get(key);
    const memory = kept ? part(kept, offset, length) : new Uint8Array(0);
    if (kept && (memory.length === length || kept.length === kept.object.size))
      return { object: kept.object, body: joined(memory, nothing()) };
    const from = offset + memory.length;
    const rest = {
      offset: from,
      length: length - memory.length,
      version: range.version ?? kept?.object.version,
    };
    const { object, body } = await this.#store.read(key, rest, call);
    return { object, body: joined(memory, this.#keeping(key, object, from, body)) };
  }

  #keeping(key: string, object: StoredObject, offset: number, body: AsyncIterable<Uint8Array>) {
    let at = offset;
    const onPiece = (piece: Uint8Array) => {
      const kept = this.#kept.get(key) ?? { object, pieces: [], length: 0 };
      this.#kept.set(key, kept);
      // Its memory is used again for the next one.
      if (at === kept.length) {
        kept.pieces.push(Uint8Array.from(piece));
        kept.length += piece.length;
      }
      at += piece.length;
    };
    return watched(body, { onPiece, failed: (error) => error });
  }

  /** It is somebody else's. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}

function part({ pieces, length: there }: Kept, offset: number, length: number): Uint8Array {
  return offset >= there ? new Uint8Array(0) : Buffer.concat(pieces).subarray(offset, offset + length);
}

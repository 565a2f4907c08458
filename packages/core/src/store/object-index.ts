import type { StoredObject } from './object-store.js';

const FIRST_BYTES = 65_536;
const FIRST_OBJECTS = 512;
/** The end of the name, the end of the version. */
const ENDS = 2;

/** What an index says of an object. */
export type Indexed = Pick<StoredObject, 'size' | 'version'>;

/**
 * Objects by their names, 2^20 of them and more: their texts lie in one memory, about 100 bytes for each, where objects of JavaScript take four times that. Names are given in any order, and found
 * once all have been.
 */
export class ObjectIndex {
  #text: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #ends: Uint32Array = new Uint32Array(FIRST_OBJECTS * ENDS);
  #sizes: Float64Array = new Float64Array(FIRST_OBJECTS);
  #count = 0;
  /** Which comes when, where they were not given in the order of their bytes, as nearly all stores list. */
  #order: Uint32Array | undefined;
  #sorted = true;

  get count(): number {
    return this.#count;
  }

  add(name: string, { size, version }: Indexed): void {
    if (this.#count === this.#sizes.length) {
      this.#sizes = larger(this.#sizes, new Float64Array(this.#count * 2));
      this.#ends = larger(this.#ends, new Uint32Array(this.#count * 2 * ENDS));
    }
    const at = this.#count++;
    const nameEnd = this.#append(this.#start(at), name);
    this.#ends[at * ENDS] = nameEnd;
    this.#ends[at * ENDS + 1] = this.#append(nameEnd, version);
    this.#sizes[at] = size;
    if (at > 0 && Buffer.compare(this.#name(at - 1), this.#name(at)) > 0) this.#sorted = false;
    this.#order = undefined;
  }

  get(name: string): Indexed | undefined {
    const wanted = Buffer.from(name);
    let [from, to] = [0, this.#count];
    while (from < to) {
      const middle = (from + to) >>> 1;
      const at = this.#at(middle);
      const order = Buffer.compare(this.#name(at), wanted);
      if (order === 0) return this.#indexed(at);
      if (order < 0) from = middle + 1;
      else to = middle;
    }
    return undefined;
  }

  /** In the order in which they were given. */
  *[Symbol.iterator](): Generator<[string, Indexed]> {
    for (let at = 0; at < this.#count; at++) yield [this.#name(at).toString(), this.#indexed(at)];
  }

  #append(at: number, text: string): number {
    const end = at + Buffer.byteLength(text);
    if (end > this.#text.length)
      this.#text = larger(this.#text, Buffer.allocUnsafe(Math.max(end, this.#text.length * 2)));
    this.#text.write(text, at);
    return end;
  }

  #start(at: number): number {
    return at === 0 ? 0 : this.#ends[at * ENDS - 1]!;
  }

  #name(at: number): Buffer {
    return this.#text.subarray(this.#start(at), this.#ends[at * ENDS]);
  }

  #indexed(at: number): Indexed {
    const version = this.#text.toString('utf8', this.#ends[at * ENDS], this.#ends[at * ENDS + 1]);
    return { size: this.#sizes[at]!, version };
  }

  #at(place: number): number {
    if (this.#sorted) return place;
    this.#order ??= Uint32Array.from({ length: this.#count }, (_, at) => at).sort((a, b) =>
      Buffer.compare(this.#name(a), this.#name(b)),
    );
    return this.#order[place]!;
  }
}

function larger<T extends Buffer | Uint32Array | Float64Array>(old: T, fresh: T): T {
  fresh.set(old);
  return fresh;
}

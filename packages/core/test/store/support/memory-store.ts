import {
  type Listed,
  type ObjectBody,
  type ObjectRange,
  type ObjectStore,
  type ObjectWriteOptions,
  type PartRules,
  type ResumeOptions,
  type StoreCall,
  type StoredObject,
  type UnfinishedUpload,
  type Upload,
  WeightsealError,
  type WriteCondition,
} from '@weightseal/core';
import { bodyOf, type Fault, hang } from './faults.js';
import { MemoryUpload } from './memory-upload.js';

/** A request that came. */
export interface Request {
  readonly method:
    | 'stat'
    | 'read'
    | 'list'
    | 'put'
    | 'upload'
    | 'resume'
    | 'part'
    | 'copy'
    | 'complete'
    | 'abort'
    | 'unfinished'
    | 'remove';
  readonly key: string;
  /** Of reads and of parts. */
  readonly offset?: number;
  readonly length?: number;
  /** Which one it is of this method, from 0. */
  readonly count: number;
}

export interface MemoryOptions {
  readonly uri?: string;
  readonly rules?: Partial<PartRules>;
  /** Bytes of a piece of a body; 64 KiB unless told. */
  readonly pieceBytes?: number;
  /** Objects in a page of a listing. */
  readonly page?: number;
  /** Whether uploads that were cut off are gone on with. */
  readonly resumes?: boolean;
}

interface Held {
  readonly bytes: Uint8Array;
  readonly object: StoredObject;
}

/** A store in memory, which keeps the promises of `ObjectStore`, tells who asked it for what, and fails as it is told to. */
export class MemoryStore implements ObjectStore {
  readonly uri: string;
  readonly rules: PartRules;
  readonly objects = new Map<string, Held>();
  readonly uploads = new Set<MemoryUpload>();
  readonly requests: Request[] = [];
  /** What goes wrong with a request, if anything. It may also change what is in the store. */
  fault: (request: Request) => Fault | undefined = () => undefined;
  /** Requests that are not answered yet, and bodies that are neither read to their end nor left. */
  underWay = 0;
  /** The most of them at once. */
  most = 0;
  closed = false;
  declare readonly resume?: NonNullable<ObjectStore['resume']>;
  readonly #pieceBytes: number;
  readonly #page: number;
  #versions = 0;

  constructor({
    uri = 'memory://bucket',
    rules,
    pieceBytes = 65_536,
    page = 1000,
    resumes = false,
  }: MemoryOptions = {}) {
    this.uri = uri;
    this.rules = { least: 1, most: 2 ** 40, multiple: 1, count: 10_000, anyOrder: true, ...rules };
    this.#pieceBytes = pieceBytes;
    this.#page = page;
    if (resumes) this.resume = (key, of, call) => this.#resume(key, of, call);
  }

  /** Puts an object there, as somebody else would. */
  set(key: string, bytes: Uint8Array): StoredObject {
    const version = `"v${++this.#versions}"`;
    const object = { key, size: bytes.length, version, modified: '2026-01-02T03:04:05.000Z' };
    this.objects.set(key, { bytes: Uint8Array.from(bytes), object });
    return object;
  }

  /** The bytes of an object; undefined where there is none. */
  get(key: string): Uint8Array | undefined {
    return this.objects.get(key)?.bytes;
  }

  /** How many requests of a method came, of any without one. */
  count(method?: Request['method']): number {
    return this.requests.filter((request) => method === undefined || request.method === method).length;
  }

  stat(key: string, call: StoreCall): Promise<StoredObject> {
    return this.answer({ method: 'stat', key }, call, () => this.#held(key).object);
  }

  async read(key: string, range: ObjectRange, call: StoreCall): Promise<ObjectBody> {
    const { offset, length, version } = range;
    const fault = await this.begin({ method: 'read', key, offset, length }, call);
    try {
      const { bytes, object } = this.#held(key);
      if (version !== undefined && version !== object.version) throw changed(key);
      const asked = bytes.subarray(offset, offset + length);
      if (asked.length === 0 && bytes.length > 0) throw invalid(`${key} has no such range`);
      this.underWay++;
      const body = bodyOf(asked, this.#pieceBytes, fault ?? {}, call.signal, () => this.underWay--);
      return { object: { ...object, version: fault?.version ?? object.version }, body };
    } finally {
      this.underWay--;
    }
  }

  async *list(
    prefix: string,
    { oneLevel }: { readonly oneLevel: boolean },
    call: StoreCall,
  ): AsyncGenerator<Listed> {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix));
    const sorted = keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const prefixes = new Set<string>();
    for (let at = 0; at === 0 || at < sorted.length; at += this.#page) {
      await this.answer({ method: 'list', key: prefix }, call, () => undefined);
      for (const key of sorted.slice(at, at + this.#page)) {
        const slash = oneLevel ? key.indexOf('/', prefix.length) : -1;
        const level = key.slice(0, slash + 1);
        const held = this.objects.get(key);
        if (slash < 0 && held) yield held.object;
        else if (slash >= 0 && !prefixes.has(level)) yield { prefix: level };
        if (slash >= 0) prefixes.add(level);
      }
    }
  }

  put(
    key: string,
    bytes: Uint8Array,
    { condition }: ObjectWriteOptions,
    call: StoreCall,
  ): Promise<StoredObject> {
    const given = bytes.slice();
    return this.answer({ method: 'put', key, length: bytes.length }, call, () => {
      this.check(key, condition);
      return this.set(key, given);
    });
  }

  upload(
    key: string,
    { condition }: ObjectWriteOptions & { readonly size?: number | undefined },
    call: StoreCall,
  ): Promise<Upload> {
    return this.answer({ method: 'upload', key }, call, () => {
      const upload = new MemoryUpload(this, key, condition);
      this.uploads.add(upload);
      return upload;
    });
  }

  #resume(key: string, { ticket, size, partBytes }: ResumeOptions, call: StoreCall): Promise<Upload> {
    return this.answer({ method: 'resume', key }, call, () => {
      const upload = [...this.uploads].find((one) => one.ticket === ticket);
      if (upload?.key !== key) throw new WeightsealError('INPUT_NOT_FOUND', `${key} has no such upload.`);
      const whole = [...upload.parts].filter(
        ([index, { length }]) => length === Math.min(partBytes, size - index * partBytes),
      );
      upload.taken = new Set(whole.map(([index]) => index));
      return upload;
    });
  }

  async *unfinished(prefix: string, call: StoreCall): AsyncGenerator<UnfinishedUpload> {
    await this.answer({ method: 'unfinished', key: prefix }, call, () => undefined);
    for (const upload of [...this.uploads]) {
      if (!upload.key.startsWith(prefix)) continue;
      yield { key: upload.key, started: upload.started, abort: (its) => upload.abort(its) };
    }
  }

  remove(
    key: string,
    { version }: { readonly version?: string | undefined },
    call: StoreCall,
  ): Promise<void> {
    return this.answer({ method: 'remove', key }, call, () => {
      const held = this.objects.get(key);
      if (held && version !== undefined && held.object.version !== version) throw changed(key);
      this.objects.delete(key);
    });
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  /** @throws OUTPUT_EXISTS, INPUT_CHANGED where the condition does not hold */
  check(key: string, condition: WriteCondition | undefined): void {
    const held = this.objects.get(key);
    if (condition && 'ifAbsent' in condition && held)
      throw new WeightsealError('OUTPUT_EXISTS', `${key} is there already.`);
    if (condition && 'ifVersion' in condition && held?.object.version !== condition.ifVersion)
      throw changed(key);
  }

  /** One request whose answer has no body: it counts, and fails as it is told to. What is done is done when the fault is `lost`. */
  async answer<T>(request: Omit<Request, 'count'>, call: StoreCall, work: () => T): Promise<T> {
    const fault = await this.begin(request, call);
    try {
      const done = work();
      if (fault?.lost !== undefined) throw fault.lost;
      return done;
    } finally {
      this.underWay--;
    }
  }

  /** The request is under way until whoever calls says otherwise, or this throws. */
  async begin(asked: Omit<Request, 'count'>, { signal }: StoreCall): Promise<Fault | undefined> {
    const request = { ...asked, count: this.count(asked.method) };
    this.requests.push(request);
    this.most = Math.max(this.most, ++this.underWay);
    try {
      const fault = this.fault(request);
      await (fault?.hang ? hang(signal) : until(fault?.after, signal));
      if (fault && 'throws' in fault) throw fault.throws;
      return fault;
    } catch (error) {
      this.underWay--;
      throw error;
    }
  }

  #held(key: string): Held {
    const held = this.objects.get(key);
    if (held) return held;
    throw new WeightsealError('INPUT_NOT_FOUND', `There is no ${key}.`);
  }
}

/** An answer takes at least a turn of the event loop, as over a wire. */
async function until(after: Promise<unknown> | undefined, signal: AbortSignal): Promise<void> {
  await Promise.race([after ?? new Promise((resolve) => setImmediate(resolve)), hang(signal)]);
}

export function changed(key: string): WeightsealError {
  return new WeightsealError('INPUT_CHANGED', `${key} has another version.`);
}

export function invalid(what: string): WeightsealError {
  return new WeightsealError('STORE_RESPONSE_INVALID', `It cannot be: ${what}.`);
}

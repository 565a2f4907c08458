// What a package of stores implements (docs/stores/own.md). One method is one request, or a list of pages; deadlines, retries, concurrency and order are
// core's (request.ts, pace.ts, object-source.ts, object-writer.ts), the same for all stores.

/** An object as its store has it at one moment. */
export interface StoredObject {
  /** Its whole key in the store: names with `/` between them, none at the beginning. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** What the store calls exactly these bytes, an ETag or a generation: opaque, compared for equality, and given back to it. Never empty. */
  readonly version: string;
  /** When it was written, RFC 3339 in UTC, where the store tells. */
  readonly modified?: string | undefined;
}

/** What comes with each request. */
export interface StoreCall {
  /** Ends the request, and the body that comes of it, at once: the caller's abort, or core's deadline. */
  readonly signal: AbortSignal;
  /** To be told where the store says so, before its refusal is thrown: in how many milliseconds it may be asked again. */
  readonly later?: ((ms: number) => void) | undefined;
}

/** Which bytes, of which version. */
export interface ObjectRange {
  readonly offset: number;
  /** At least 1. Where the object ends before, there come fewer. */
  readonly length: number;
  /** Only of these bytes: if the object has others by now, INPUT_CHANGED. Not given for the first look. */
  readonly version?: string | undefined;
}

/** The answer to a read. */
export interface ObjectBody {
  /** The object as this answer describes it, size and version. */
  readonly object: StoredObject;
  /**
   * The bytes as they arrive, in pieces that are the reader's until it asks for the next. Ending the iteration early ends the connection or its use. What it throws
   * is a WeightsealError like those of `read`. An answer of a range that was not asked for must be refused before the first piece.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

/** On what a write depends: that there is no such object, or that it is still this version. Neither for a write that replaces whatever is there. */
export type WriteCondition = { readonly ifAbsent: true } | { readonly ifVersion: string };

export interface WriteOptions {
  readonly condition?: WriteCondition | undefined;
}

/** What parts of an upload must be. */
export interface PartRules {
  /** The least bytes of every part but the last. */
  readonly least: number;
  /** The most bytes of any part. */
  readonly most: number;
  /** Every part but the last has a multiple of so many bytes. */
  readonly multiple: number;
  /** The most parts that there can be. */
  readonly count: number;
  /** Whether parts may come in any order, and several at once. Otherwise each is sent when the one before has been taken. */
  readonly anyOrder: boolean;
}

/** An upload under way. Nothing of it is visible until it is complete. */
export interface Upload {
  readonly rules: PartRules;
  /**
   * By which another process goes on with it (`resume`), after all parts that have been taken by now. It may change with each part, and be a secret: it is kept where only this user can read, and
   * is in no message. Undefined where nobody can go on.
   */
  readonly ticket?: string | undefined;
  /** Of one that was resumed: the numbers of the parts that the store has, and that need not be sent again. */
  readonly taken?: ReadonlySet<number> | undefined;
  /**
   * Sends a part with its checksum, and compares what the store says of it. `index` counts from 0; `offset` is where it begins in the object; `last` where that is known to be the last.
   * Sent again after a failure with the same index and bytes, it replaces what came of the first.
   */
  part(part: UploadPart, call: StoreCall): Promise<void>;
  /** Instead, where the store can: a range of an object in the same store becomes a part, without coming here. Refused with INPUT_CHANGED if that has another version by now. */
  copy?(part: CopiedPart, call: StoreCall): Promise<void>;
  /** Makes the object visible, whole, under the condition of the upload. @throws OUTPUT_EXISTS, INPUT_CHANGED where the condition does not hold */
  complete(call: StoreCall): Promise<StoredObject>;
  /** Gives it up, and has the store drop what it has. Safe to call twice. */
  abort(call: StoreCall): Promise<void>;
}

/** An upload that was begun before. */
export interface ResumeOptions extends WriteOptions {
  readonly ticket: string;
  /** Bytes of the whole object. */
  readonly size: number;
  /** Bytes of each part but the last. */
  readonly partBytes: number;
}

export interface UploadPart {
  readonly index: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

export interface CopiedPart {
  readonly index: number;
  readonly from: StoredObject;
  /** Which bytes of it. */
  readonly offset: number;
  readonly length: number;
}

/** An upload that somebody began and has not ended. */
export interface UnfinishedUpload {
  readonly key: string;
  /** When it began, RFC 3339 in UTC. */
  readonly started?: string | undefined;
  abort(call: StoreCall): Promise<void>;
}

/** What is in a store below a prefix: an object, or with `oneLevel` a common prefix that ends in `/`. */
export type Listed = StoredObject | { readonly prefix: string };

/** A bucket, a container, a server. Every method throws WeightsealErrors only, with a code of class `store`, INPUT_NOT_FOUND, INPUT_CHANGED, OUTPUT_EXISTS or ABORTED. */
export interface ObjectStore {
  /** Where it is, for messages and for comparing: `s3://bucket`. Never with credentials. */
  readonly uri: string;
  /** How it likes to be read, where nobody has said. */
  readonly concurrency?: number | undefined;
  readonly requestBytes?: number | undefined;
  /** @throws INPUT_NOT_FOUND */
  stat(key: string, call: StoreCall): Promise<StoredObject>;
  /** @throws INPUT_NOT_FOUND, INPUT_CHANGED. An empty object has no range: its answer has no bytes. */
  read(key: string, range: ObjectRange, call: StoreCall): Promise<ObjectBody>;
  /** All objects whose key begins with `prefix`, in the order of the bytes of their keys, page by page. Without it, or where it throws STORE_UNSUPPORTED, nothing can be listed. */
  list?(prefix: string, options: { readonly oneLevel: boolean }, call: StoreCall): AsyncIterable<Listed>;
  /** One request with a checksum, for what is small. Without it nothing can be written. @throws OUTPUT_EXISTS, INPUT_CHANGED where the condition does not hold */
  put?(key: string, bytes: Uint8Array, options: WriteOptions, call: StoreCall): Promise<StoredObject>;
  /** Begins an upload in parts. `size` is how many bytes there will be, where that is known. */
  upload?(
    key: string,
    options: WriteOptions & { readonly size?: number | undefined },
    call: StoreCall,
  ): Promise<Upload>;
  /**
   * Goes on with an upload to the key that a process began which is no more, under the same condition. Undefined where the store cannot.
   *
   * @throws INPUT_NOT_FOUND where it is complete, was given up, or is forgotten; where the store cannot tell, none of its parts is there
   */
  resume?(key: string, options: ResumeOptions, call: StoreCall): Promise<Upload>;
  /** Uploads that were begun under the prefix, and are not complete. Undefined where the store forgets them by itself, or cannot tell. */
  unfinished?(prefix: string, call: StoreCall): AsyncIterable<UnfinishedUpload>;
  /** Removes it; that it is not there is no error. */
  remove?(key: string, options: { readonly version?: string | undefined }, call: StoreCall): Promise<void>;
  /** Ends its connections. */
  close(): Promise<void>;
}

import type { ObjectStore } from '@weightseal/core';

/** What the suite needs of a test runner: `describe` and `it` of vitest, node:test, mocha and others fit. */
export interface TestRunner {
  readonly describe: (title: string, body: () => void) => unknown;
  readonly it: {
    (title: string, body: () => Promise<void>, timeoutMs?: number): unknown;
    skip?: (title: string, body: () => Promise<void>) => unknown;
  };
}

/** What a store, or the server behind it, may lack. */
export type Capability =
  // Methods.
  | 'list'
  | 'write'
  | 'remove'
  | 'unfinished'
  | 'resume'
  | 'copy'
  // Conditions that are heeded: of `put`, of an upload that is completed, of `remove`, of `copy`.
  | 'putIfAbsent'
  | 'putIfVersion'
  | 'uploadIfAbsent'
  | 'uploadIfVersion'
  | 'removeIfVersion'
  | 'copyIfVersion'
  /** Of several conditional writes at once, puts or completions of uploads, one wins. */
  | 'onePutWins'
  | 'oneUploadWins'
  /** What is given up or begun anew leaves an object that is there as it was, until the upload is complete. */
  | 'atomic'
  // Keys.
  | 'unicodeKeys'
  | 'oddKeys'
  | 'backslashKeys'
  | 'longKeys'
  /** An object `a` beside an object `a/b`. */
  | 'keyBelowKey'
  /** A thousand objects and more below one prefix: slow, and tried where `many` says so. */
  | 'many'
  // What `setup` supplies otherwise, by the same name.
  | 'denied'
  | 'missing'
  | 'unavailable'
  | 'silent'
  | 'secrets';

/** One store, made ready for one case. */
export interface Subject {
  /** The store under test. */
  readonly store: ObjectStore;
  /** Under which the case may do as it likes; a name that no other case has, without a slash at the end. */
  readonly prefix: string;
  /** Puts an object there, whatever is there already; needed where the store itself cannot write. */
  readonly place?: ((key: string, bytes: Uint8Array) => Promise<unknown>) | undefined;
  /** The same place for somebody who may do nothing there. */
  readonly denied?: ObjectStore | undefined;
  /** A bucket, a container, that does not exist. */
  readonly missing?: ObjectStore | undefined;
  /** A server that is not there. */
  readonly unavailable?: ObjectStore | undefined;
  /** A server that takes the request, and never answers. */
  readonly silent?: ObjectStore | undefined;
  /** Bytes that may appear in no error: secret keys, tokens, signatures. */
  readonly secrets?: (() => Promise<readonly Uint8Array[]>) | undefined;
}

export interface ContractOptions {
  /** What the report calls the store. */
  readonly name: string;
  /** Makes the subject of one case. It runs once for each case, so start servers outside of it. */
  readonly setup: () => Promise<Subject>;
  /** Cleans up after one case, also one that failed. */
  readonly teardown?: ((subject: Subject) => Promise<unknown>) | undefined;
  /** What this store cannot do, each with the reason; those cases are reported as skipped. */
  readonly without?: { readonly [C in Capability]?: string | undefined } | undefined;
  /** Whether more objects are written than one page of a list has: 1,001 requests; not unless told. */
  readonly many?: boolean | undefined;
  /** Milliseconds after which a call that should have ended fails its case; 10 000 unless told. */
  readonly patienceMs?: number | undefined;
  /** Milliseconds for one case, passed to the runner; 120 000 unless told. */
  readonly timeoutMs?: number | undefined;
}

/** What a case works with. */
export interface Scene {
  readonly store: ObjectStore;
  /** With a slash at the end. */
  readonly at: string;
  readonly place: (key: string, bytes: Uint8Array) => Promise<unknown>;
  readonly denied: ObjectStore | undefined;
  readonly missing: ObjectStore | undefined;
  readonly unavailable: ObjectStore | undefined;
  readonly silent: ObjectStore | undefined;
  readonly patienceMs: number;
}

export interface Case {
  readonly title: string;
  readonly needs?: readonly Capability[];
  readonly run: (scene: Scene) => Promise<void>;
}

import type { KeyWrapper } from '@weightseal/core';
import type { Case } from './suite.js';

/** What the suite needs of a test runner: `describe` and `it` of vitest, node:test, mocha and others fit. */
export interface TestRunner {
  readonly describe: (title: string, body: () => void) => unknown;
  readonly it: {
    (title: string, body: () => Promise<void>, timeoutMs?: number): unknown;
    skip?: (title: string, body: () => Promise<void>) => unknown;
  };
}

/** What a provider may lack. Everything but `context` is also the name of what `setup` must supply otherwise. */
export type Capability =
  | 'context'
  | 'otherKey'
  | 'rotate'
  | 'slow'
  | 'missing'
  | 'denied'
  | 'disabled'
  | 'unavailable'
  | 'secrets';

/** One provider, made ready for one case. */
export interface Subject {
  /** The key under test. */
  readonly wrapper: KeyWrapper;
  /** Another key of the same provider. */
  readonly otherKey?: KeyWrapper | undefined;
  /** Makes the key of `wrapper` turn over; `wrapper` uses the new version from then on. */
  readonly rotate?: (() => Promise<unknown>) | undefined;
  /** Asks a backend that never answers, with a deadline between 400 ms and 2 s. */
  readonly slow?: KeyWrapper | undefined;
  /** Names a key that does not exist. */
  readonly missing?: KeyWrapper | undefined;
  /** Names a key that this caller may not use. */
  readonly denied?: KeyWrapper | undefined;
  /** Names a key that is switched off. */
  readonly disabled?: KeyWrapper | undefined;
  /** Has a backend that cannot answer: no connection, a broken disk. */
  readonly unavailable?: KeyWrapper | undefined;
  /** Bytes that may appear in no error: key material, credentials, passphrases. */
  readonly secrets?: (() => Promise<readonly Uint8Array[]>) | undefined;
}

export interface ContractOptions {
  /** What the report calls the provider. */
  readonly name: string;
  /** Makes the subject of one case. It runs once for each case, so start servers outside of it. */
  readonly setup: () => Promise<Subject>;
  /** Cleans up after one case, also one that failed. */
  readonly teardown?: ((subject: Subject) => Promise<unknown>) | undefined;
  /** What this provider cannot do, each with the reason; those cases are reported as skipped. */
  readonly without?: { readonly [C in Capability]?: string | undefined } | undefined;
  /** Milliseconds after which a call that should have ended fails its case; 5000 unless told. */
  readonly patienceMs?: number | undefined;
  /** Milliseconds for one case, passed to the runner; 60 000 unless told. */
  readonly timeoutMs?: number | undefined;
}

export type WrapperCase = Case<Subject, Capability>;

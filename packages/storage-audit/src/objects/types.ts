import type { Recipient, StoredAt } from '@weightseal/core';
import type { Finding } from '../types.js';
import type { WeightFormat } from './magic.js';

/** Says who has signed what lies there. @throws an error of weightseal of class `trust` where nobody has who may; any other where that could not be known */
export type VerifySealed = (
  at: StoredAt,
  options: { readonly signal?: AbortSignal | undefined },
) => Promise<unknown>;

/** Older versions of objects, and marks that say that one was deleted. */
export interface OlderVersions {
  readonly count: number;
  /** Bytes of all of them. */
  readonly size: number;
}

/** Counts the older versions at a place and below it. @throws where that cannot be known; nothing but a finding is made of it */
export type CountVersions = (options: {
  readonly signal?: AbortSignal | undefined;
}) => Promise<OlderVersions>;

export interface ObjectAuditOptions {
  /** Which share of the objects is looked into, above 0 and at most 1, chosen by their names: the same ones each time, and those of a smaller share among those of a larger. All unless told. */
  readonly sample?: number | undefined;
  /** Goes on behind the object whose `cursor` this is. */
  readonly after?: string | undefined;
  /** The URIs of the keys that may open what is sealed. Any unless told. */
  readonly keys?: readonly string[] | undefined;
  /** Verifies releases: `(at, options) => verifyRelease(at, signers, options)` of `@weightseal/release`. Without it only that a signature is there is told, and that nobody has verified it. */
  readonly verify?: VerifySealed | undefined;
  /** Of a store that keeps older versions: counts them (`s3Versions`). Without it that they were not looked at is told. */
  readonly versions?: CountVersions | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An object, or a bundle as one. */
export interface AuditedObject {
  /**
   * `sealed`: a sealed file; `bundle`: a sealed directory; `weights`: a plain model; `release`: a manifest, a signature or a channel; `other`: what is neither sealed nor known as weights; `upload`:
   * what was begun and is not complete; `older`: what is to say of older versions, once.
   */
  readonly kind: 'sealed' | 'bundle' | 'weights' | 'release' | 'other' | 'upload' | 'older';
  /** From the place; empty for what lies at the place itself. */
  readonly path: string;
  /** Where to go on behind it (`after`). What comes last has none and is looked at anew: objects that have an empty name in their key, older versions, uploads. */
  readonly cursor?: string | undefined;
  /** Bytes as they lie there. */
  readonly size?: number | undefined;
  /** Of plain weights. */
  readonly format?: WeightFormat | undefined;
  /** Of what is sealed: the keys that can open it and their versions, as its head says. Nothing has authenticated that. */
  readonly recipients?: readonly Recipient[] | undefined;
  /** What is wrong with it, or could not be read of it; empty where all is right. */
  readonly findings: readonly Finding[];
}

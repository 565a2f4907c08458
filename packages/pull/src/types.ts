import type { Context, OnProgress, ReleaseJudge, StoreLocation, WeightsealError } from '@weightseal/core';
import type { SignedBy, TrustedSigner } from '@weightseal/release';
import type { Stores } from '@weightseal/stores';

/** A place by its URI, or as `locationFromUri` of `@weightseal/stores` makes one. */
export type PullFrom = string | StoreLocation;

export interface PullOptions {
  /** Whose signature counts. */
  readonly signers?: readonly TrustedSigner[] | undefined;
  /** Instead: a policy, as `createTrust` of `@weightseal/release` makes one. */
  readonly trust?: ReleaseJudge | undefined;
  /** Instead: takes what nobody has signed, or anybody. Digests are compared with the manifest all the same, which then says only that all came over whole. The default is false. */
  readonly unsigned?: boolean | undefined;
  /** Refuses what was sealed for another context: `{ model: 'acme/llama' }`, with the version where that is to be one. Whoever serves chooses among all that is trusted, unless this or `digest` says more. */
  readonly context?: Context | undefined;
  /** SHA-256 of the manifest, in hexadecimal: just this release, and no other. */
  readonly digest?: string | undefined;
  /** Whether what is there may be replaced: another version of it, say. Another model does so only where `context` or `digest` names it. The default is false. */
  readonly overwrite?: boolean | undefined;
  /** A bundle on this machine from which files are taken that are the same; one at the target, or beside it of the release before, unless told. False for none. */
  readonly previous?: string | URL | false | undefined;
  /** How stores of URIs are reached, by scheme, as `locationFromUri` takes it. */
  readonly stores?: Stores | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of the sealed bytes that are there. */
  readonly onProgress?: OnProgress | undefined;
  /** Told of each mirror that is given up, and why. */
  readonly onGivenUp?: ((uri: string, error: WeightsealError) => void) | undefined;
}

/** What became of a mirror. */
export interface PulledMirror {
  readonly uri: string;
  /** Bytes that it has sent of files, also of those that were thrown away. */
  readonly bytes: number;
  /** Why nothing more was asked of it. */
  readonly givenUp?: WeightsealError | undefined;
}

export interface Pulled {
  readonly kind: 'file' | 'bundle';
  /** SHA-256 of the manifest, in hexadecimal: the name of the release. */
  readonly digest: string;
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  /** What it was sealed under, as its manifest says. */
  readonly context: Context;
  /** Undefined with `trust`, which has its own say, and with `unsigned`. */
  readonly signedBy?: SignedBy | undefined;
  /** Bytes as they lie there now. */
  readonly sealedSize: number;
  readonly files: number;
  /** Bytes of files that came over the wire. */
  readonly fetched: number;
  /** Bytes that were taken from an older version on this machine. */
  readonly reused: number;
  /** Bytes that were there already: of a pull that was cut off, or all of it. */
  readonly present: number;
  /** Whether the envelope at the target was written after the one that is served, by a rewrap, and so has stayed. */
  readonly envelopeKept: boolean;
  /** Of a bundle: the files that everybody can read. */
  readonly public: readonly string[];
  /** In the order in which they were given. */
  readonly mirrors: readonly PulledMirror[];
}

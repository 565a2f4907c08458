import type { OnProgress } from '../common/progress.js';
import type { Context } from '../format/context.js';
import type { LockOptions } from '../io/lock/file-lock.js';
import type { KeyWrapper } from '../keys/key-wrapper.js';
import type { RecipientChange } from '../keys/recipients.js';
import type { UnwrapOptions } from '../keys/unwrap.js';
import type { ReleaseOptions } from '../release/manifest-head.js';
import type { Incomplete } from './incomplete/types.js';
import type { LeftOut } from './left-out.js';
import type { BundleGiven } from './open-storage.js';
import type { SealChoice, Unmatched } from './seal-plan.js';

// The public types of bundles.

/** What a bundle has, by its path: a file, sealed or public, a directory, or a link to one of these. */
export type BundleMember =
  | {
      readonly kind: 'sealed' | 'public';
      /** Where it is in the directory, with `/` between the names. Within, always: whoever sealed the bundle chose it, and readers have checked it. */
      readonly path: string;
      /** Bytes of plaintext. */
      readonly size: number;
      readonly executable: boolean;
      /** `sha256:…` of the plaintext, as it was sealed. */
      readonly digest: string;
      /** Where its bytes lie in the bundle, and how many those are. */
      readonly file: string;
      readonly fileSize: number;
    }
  | { readonly kind: 'directory'; readonly path: string }
  | {
      readonly kind: 'link';
      readonly path: string /** The path of the member that it leads to. */;
      readonly target: string;
    };

export interface SealBundleOptions extends SealChoice {
  /** Who may open the bundle: any one of these keys will. 1 to 32. */
  readonly keys: readonly KeyWrapper[];
  /** What the bundle is bound to, in the clear: at most 64 pairs, 4 KiB. */
  readonly context?: Context | undefined;
  /** Bytes of an encrypted segment, 64 to 16,777,216; the default is 1 MiB of plaintext and 32 bytes. */
  readonly segmentLength?: number | undefined;
  /** The name to keep, encrypted; by default that of the directory. */
  readonly name?: string | undefined;
  /** Whether a bundle that is there may be replaced; the default is false. Another directory never is, unless it is empty. */
  readonly overwrite?: boolean | undefined;
  /**
   * Whether to go on with a seal to the same output, for the same recipients and context, that was killed: files that it had done, and that are still what they were, are compared byte for
   * byte with what it remembers, and not sealed again. The default is true; else what that one had done is removed.
   */
  readonly resume?: boolean | undefined;
  /**
   * Another bundle that one of the keys opens, an older version of the model: files that it has too, by their digest, keep their payload and its key, by a hard link, a reflink, or a copy, which within one store does not come here. Whoever
   * could open such a payload there can open it here.
   */
  readonly reuse?: BundleGiven | undefined;
  /** Says whether the bundle of `reuse` was released by somebody who is trusted, before any key is asked for it: whoever sealed it chose the payloads that are taken over. */
  readonly trust?: UnwrapOptions['trust'];
  /** What its people call the release: it stands in the manifest (`weightseal.manifest.json`), for everybody to read. */
  readonly release?: ReleaseOptions | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Of all members together. */
  readonly onProgress?: OnProgress | undefined;
  /** Called once, when another process has been sealing to the same output for longer than a moment. What it throws ends the wait. */
  readonly onWait?: (() => void) | undefined;
  /** Told, before any work, of each path that is no member: by `exclude`, or since it is no part of a model (version control, caches, locks). */
  readonly onLeftOut?: ((leftOut: LeftOut) => void) | undefined;
  /** Told, before any work, of each file that names others which are no members: a shard, an adapter's base model. */
  readonly onIncomplete?: ((incomplete: Incomplete) => void) | undefined;
  /** Whether a directory that is a bundle may be sealed once more (nearly always a slip); the default is false. */
  readonly sealAgain?: boolean | undefined;
}

/** What came of a seal. */
export interface SealedBundle {
  /** The bundle's random id, 16 bytes in hexadecimal. */
  readonly id: string;
  readonly members: number;
  /** Bytes of plaintext, of all members. */
  readonly size: number;
  /** Bytes of the bundle: payloads, public members, table and envelope. */
  readonly sealedSize: number;
  /** The paths of the public members. */
  readonly public: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** The globs of `include`, `exclude` and `public` that have named nothing: they may be misspelled. */
  readonly unmatched: readonly Unmatched[];
  readonly incomplete: readonly Incomplete[];
  /** How many files a seal that was killed had done already. */
  readonly resumed: number;
  /** How many files have their payload of the bundle of `reuse`. */
  readonly reused: number;
}

export interface OpenBundleOptions extends UnwrapOptions {
  /** What the caller expects of the bundle: every pair must be in its context with exactly this value. Compared before any key is asked. */
  readonly context?: Context | undefined;
  /**
   * Globs of files that may stand in the bundle's directory although its table does not name them; `true` for any. Nothing of them is ever read. Unless told there may be
   * none: MEMBER_EXTRA.
   */
  readonly allowExtra?: boolean | readonly string[] | undefined;
  /** Whether all members will be wanted; the default is false. What judges the release (`trust`) refuses then, before any key, a bundle that lacks a file of its manifest. */
  readonly whole?: boolean | undefined;
}

/** Which members, and what is told meanwhile. */
export interface OpenMembersOptions {
  /** Globs of the members that are wanted, as for sealing; all of them unless told. Others need not even be there. */
  readonly only?: readonly string[] | undefined;
  /** Whether to compute the plaintext's SHA-256 of each and compare it with the sealed one; the default is whether somebody was asked for trust, and of `verify` true. */
  readonly digest?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Of all wanted members together. */
  readonly onProgress?: OnProgress | undefined;
}

export interface OpenToOptions extends OpenMembersOptions {
  /** Whether an existing output may be replaced, where it holds nothing but what is opened again; the default is false. An empty directory always may. */
  readonly overwrite?: boolean | undefined;
}

/** What a bundle says of itself: all of it authenticated. */
export interface OpenedBundle {
  readonly id: string;
  readonly context: Context;
  /** The original directory's name. Not a path to write to without a check: whoever sealed the bundle chose it. */
  readonly name?: string;
  /** When it was sealed, RFC 3339 in UTC. */
  readonly created?: string;
  /** How many members there are, those of `only` where it was given. */
  readonly members: number;
  /** Bytes of their plaintext. */
  readonly size: number;
  /** Whether the digests were computed anew and compared. */
  readonly digestVerified: boolean;
  /** What stands in the bundle's directory and is none of its members; only with `allowExtra`. */
  readonly extra: readonly string[];
}

/** Where members are written, for who does not want a directory of files: one call for each, directories before what is in them, links last. */
export interface BundlePlace {
  directory(path: string): Promise<void>;
  /** A new, empty file that is open for writing. It is closed afterwards, whatever happens. */
  file(
    member: BundleMember & { readonly kind: 'sealed' | 'public' },
  ): Promise<import('node:fs/promises').FileHandle>;
  /** `to` is the text of a relative link. */
  link(path: string, to: string): Promise<void>;
}

export interface RewrapBundleOptions extends UnwrapOptions, Partial<RecipientChange>, LockOptions {
  readonly context?: Context | undefined;
}

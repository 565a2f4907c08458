import type { Context } from '../format/context.js';
import type { MANIFEST_NAME, SIGNATURE_NAME } from '../format/release-names.js';

/** `weightseal.manifest.json` or `weightseal.sig` of a bundle; what stands beside a file under its own name, a dot and these. */
export type ReleaseDocument = typeof MANIFEST_NAME | typeof SIGNATURE_NAME;

/** Where something lies that was released. */
export interface ReleasePlace {
  /** Its path or URI, for messages. */
  readonly name: string;
  /**
   * A public document of it. Undefined where there is none.
   *
   * @throws MANIFEST_INVALID, SIGNATURE_INVALID for one of more than so many bytes, and what the place throws
   */
  read(
    document: ReleaseDocument,
    mostBytes: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array | undefined>;
  /** Of a bundle: what lies there besides envelope, table and documents; undefined where nobody can tell. Names and sizes: nothing of it is opened. */
  files?(signal: AbortSignal | undefined): Promise<readonly LyingFile[] | undefined>;
  /** Whether the caller allows a file that is none of the bundle's. */
  isAllowed?(path: string): boolean;
  /** Whether all of its files are wanted, so that none may be missing. */
  readonly whole?: boolean | undefined;
}

/** A file of a bundle, as it lies there. */
export interface LyingFile {
  readonly path: string;
  /** Bytes. */
  readonly sealedSize: number;
}

/** What is about to be opened, by all that can be known of it without a key. */
export interface UnopenedRelease extends ReleasePlace {
  readonly kind: 'file' | 'bundle';
  /** 16 bytes of its core document (FORMAT.md §5.2). */
  readonly id: Uint8Array;
  readonly context: Context;
  /** Of a bundle: the SHA-256 of its member table, 32 bytes, and its length in bytes, as its envelope says. What is opened has this table or is refused. */
  readonly table?: { readonly digest: Uint8Array; readonly size: number } | undefined;
  /** Of a file that is about to be opened: the header of its payload, 74 bytes (FORMAT.md §9), which commits to its key. What is opened has this header or is refused. */
  readonly header?: Uint8Array | undefined;
}

/** What a judge says who refuses nothing. */
export type Judgement = 'judged' | 'unjudged';

/** Says whether what is about to be opened was released by somebody who is trusted, before any key is asked. `@weightseal/release` makes one of a policy. */
export interface ReleaseJudge {
  /**
   * @returns `unjudged` where the policy asks for nothing here, so that nobody has said anything for it; who says nothing has judged
   * @throws a code of class `trust`, and nothing is opened; or what a place throws
   */
  judge(
    release: UnopenedRelease,
    options: { readonly signal?: AbortSignal | undefined },
  ): Promise<Judgement | undefined> | Promise<void>;
}

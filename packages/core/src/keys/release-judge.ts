import type { Context } from '../format/context.js';

/** What is about to be opened, by all that can be known of it without a key. */
export interface UnopenedRelease {
  readonly kind: 'file' | 'bundle';
  /** Its path or URI, for messages. */
  readonly name: string;
  /** 16 bytes of its core document (FORMAT.md §5.2). */
  readonly id: Uint8Array;
  readonly context: Context;
  /** Of a bundle: the SHA-256 of its member table, 32 bytes, and its length in bytes, as its envelope says. What is opened has this table or is refused. */
  readonly table?: { readonly digest: Uint8Array; readonly size: number } | undefined;
  /**
   * A public document of it: `weightseal.manifest.json` and `weightseal.sig` of a bundle, and what stands beside a file under its own name, a dot and these. Undefined where there is none.
   *
   * @throws MANIFEST_INVALID, SIGNATURE_INVALID for one of more than so many bytes, and what the place throws
   */
  read(document: 'manifest' | 'signature', mostBytes: number): Promise<Uint8Array | undefined>;
}

/** Says whether what is about to be opened was released by somebody who is trusted, before any key is asked. `@weightseal/release` makes one of a policy. */
export interface ReleaseJudge {
  /** @throws a code of class `trust`, and nothing is opened; or what a place throws */
  judge(release: UnopenedRelease, options: { readonly signal?: AbortSignal | undefined }): Promise<void>;
}

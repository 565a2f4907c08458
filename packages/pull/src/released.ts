import {
  below,
  ENVELOPE_NAME,
  expectContext,
  FLOE_HEADER,
  isWeightsealError,
  MANIFEST_NAME,
  openReleased,
  type ReadManifest,
  readManifest,
  SIGNATURE_NAME,
  type StoreLocation,
  WeightsealError,
} from '@weightseal/core';
import { MAX_SIGNATURE, type SignedBy, verifyRelease } from '@weightseal/release';
import { KeptBeginnings } from './kept-beginnings.js';
import type { PullOptions } from './types.js';

/** What a mirror has told, and was judged; nothing of it is asked again. */
export interface JudgedRelease extends ReadManifest {
  readonly kind: 'file' | 'bundle';
  readonly signedBy: SignedBy | undefined;
  /** How often its envelope has been written. */
  readonly generation: number;
  /** Bytes of documents, by their names at the place: what comes after its own, or in it. Undefined for one that is not there. */
  readonly documents: ReadonlyMap<string, Uint8Array | undefined>;
  /** Of a file: what comes before its payload, with the header of that; and how long all of it is. */
  readonly file?: { readonly head: Uint8Array; readonly offset: number; readonly size: number } | undefined;
}

export type Judging = Pick<PullOptions, 'signers' | 'trust' | 'context' | 'digest' | 'signal'>;

/**
 * Reads what is small, and has it judged: envelope, manifest, signature. Of a file its first 64 KiB, in which the envelope is.
 *
 * @throws CONTEXT_MISMATCH, MANIFEST_MISSING, MANIFEST_INVALID, MANIFEST_MISMATCH, SIGNATURE_MISSING, SIGNER_UNTRUSTED where the policy asks for nothing, what else `verifyRelease` and the policy throw, and what the place throws
 */
export async function judgedAt(
  place: StoreLocation,
  { signers, trust, context, digest, signal }: Judging,
): Promise<JudgedRelease> {
  const kept = new KeptBeginnings(place.store);
  const location = { ...place, store: kept };
  await using release = await openReleased(location, { signal });
  const { kind, payload, generation } = release;
  expectContext(release.context, context);
  if ((await trust?.judge(release, { signal })) === 'unjudged') throw unjudged(release.name);
  const verified = signers && (await verifyRelease(location, signers, { signal }));
  const read = await readManifest(release, { signal });
  if (digest !== undefined && read.digest !== digest.toLowerCase())
    throw new WeightsealError(
      'MANIFEST_MISMATCH',
      `${release.name} is the release ${read.digest}, and ${digest} was asked for. See which one lies there.`,
    );
  const nameAt = (name: string) => (kind === 'bundle' ? below(place, name).key : `${place.key}.${name}`);
  const names = [...(kind === 'bundle' ? [ENVELOPE_NAME] : []), MANIFEST_NAME, SIGNATURE_NAME];
  // Whoever judges nothing by it has not read it.
  await release.read(SIGNATURE_NAME, MAX_SIGNATURE, signal).catch((error: unknown) => {
    // Who may not list a store is told so of what is not there.
    if (!isWeightsealError(error) || error.code !== 'STORE_DENIED') throw error;
  });
  const documents = new Map(names.map((name) => [name, kept.bytesOf(nameAt(name))?.bytes]));
  const { object, bytes } = kept.bytesOf(place.key) ?? {};
  const offset = payload?.offset ?? 0;
  const head = bytes?.subarray(0, offset + FLOE_HEADER);
  if (payload && payload.source.size - offset !== read.manifest.files[0]!.size)
    throw new WeightsealError(
      'MANIFEST_MISMATCH',
      `${release.name} is not what its manifest says: it has another length. Get a sound copy from where it was released.`,
    );
  return {
    ...read,
    kind,
    generation,
    signedBy: verified?.signedBy,
    documents,
    ...(payload && object && head && { file: { head, offset, size: object.size } }),
  };
}

function unjudged(name: string): WeightsealError {
  return new WeightsealError(
    'SIGNER_UNTRUSTED',
    `The trust policy asks for nothing of ${name} (\`off\`), so nobody says whose it is. Name who must have signed it, or take it unsigned (--unsigned; \`unsigned: true\` in a program).`,
  );
}

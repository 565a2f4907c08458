import {
  type BundleMember,
  type BundleReader,
  findIncomplete,
  type Incomplete,
  WeightsealError,
  wipe,
} from '@weightseal/core';
import { quoted } from './safetensors/invalid.js';

/** What cannot be loaded without. A model that an adapter is for may lie elsewhere, and parts that are only numbered are a guess. */
const NEEDED: readonly Incomplete['kind'][] = ['index', 'external-data'];
/** How many names a sentence has. */
const NAMED = 5;

/**
 * What the files of a bundle name and is not in it: told before any member is written. Takes no further call to a key.
 *
 * @param members all that there are
 * @throws BUNDLE_INCOMPLETE for what cannot be loaded without, unless that is allowed; MEMBER_MISSING, MEMBER_TAMPERED, ABORTED
 */
export async function checkComplete(
  bundle: BundleReader,
  members: readonly BundleMember[],
  { allowed, signal }: { readonly allowed: boolean; readonly signal: AbortSignal | undefined },
): Promise<Incomplete[]> {
  const found = await lookFor(bundle, members, signal);
  const needed = allowed ? undefined : found.find(({ kind }) => NEEDED.includes(kind));
  if (needed === undefined) return found;
  throw new WeightsealError('BUNDLE_INCOMPLETE', sentence(needed));
}

/** Of an ONNX model, what is read may be weights: no more of it stays than what is being looked at. */
async function lookFor(
  bundle: BundleReader,
  members: readonly BundleMember[],
  signal: AbortSignal | undefined,
): Promise<Incomplete[]> {
  let read: Uint8Array | undefined;
  try {
    return await findIncomplete(members, async (path) => {
      const member = bundle.member(path);
      if (read) wipe(read);
      read = await bundle.read(path, 0, member && 'size' in member ? member.size : 0, { signal });
      return read;
    });
  } finally {
    if (read) wipe(read);
  }
}

function sentence({ file, kind, missing, count }: Incomplete): string {
  const shown = missing.slice(0, NAMED).map((path) => quoted(path));
  const more = count > shown.length ? ` and ${count - shown.length} more` : '';
  const has = kind === 'index' ? 'names the shards' : 'has its tensors in';
  return `${quoted(file)} ${has} ${shown.join(', ')}${more}, and the bundle has no such file: it cannot be loaded. Seal the whole model; or name the members that are wanted (--only, \`only\`), or allow it (--allow-incomplete, \`allowIncomplete\`).`;
}

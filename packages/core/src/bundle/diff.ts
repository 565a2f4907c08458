import { checkKinds } from '../common/arguments.js';
import { comparePaths } from '../format/path.js';
import type { KeyWrapper } from '../keys/key-wrapper.js';
import type { UnwrapOptions } from '../keys/unwrap.js';
import type { Manifest } from '../release/manifest.js';
import { type ReadManifest, readManifest } from '../release/manifest-match.js';
import { openBundle } from './open.js';
import type { BundleGiven } from './open-storage.js';
import { openReleased } from './released.js';
import type { BundleMember } from './types.js';

export interface DiffOptions extends Omit<UnwrapOptions, 'keys'> {
  /** Keys that open both, to compare members. */
  readonly keys?: readonly KeyWrapper[] | undefined;
}

/** How two releases differ, by paths in their order: without keys of their files as they lie there, with keys of their members. */
export interface ReleaseDiff {
  /** Digests of the manifests, in hexadecimal. */
  readonly oldDigest: string;
  readonly newDigest: string;
  /** Whether the second says that it came after the first. */
  readonly follows: boolean;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Other bytes. Without keys, what was encrypted anew is so too. */
  readonly changed: readonly string[];
  /** The very same bytes, key and all. */
  readonly reused: readonly string[];
  /** The same plaintext under another key. Only with keys. */
  readonly rekeyed: readonly string[];
}

/**
 * Compares two bundles by their manifests, and with keys by their members too.
 *
 * @throws MANIFEST_MISSING, MANIFEST_INVALID, MANIFEST_MISMATCH, with keys what opening throws, and what the places throw
 */
export async function diffBundles(
  from: BundleGiven,
  to: BundleGiven,
  options: DiffOptions = {},
): Promise<ReleaseDiff> {
  checkKinds(options, 'diffBundles');
  const { keys, signal } = options;
  const [old, now] = await Promise.all([from, to].map((given) => manifestOf(given, signal)));
  const follows = now!.manifest.previous === old!.digest;
  const head = { oldDigest: old!.digest, newDigest: now!.digest, follows };
  if (!keys?.length) return { ...head, ...compared(byFile(old!.manifest), byFile(now!.manifest)) };
  const [before, after] = await Promise.all([
    byMember(from, old!.manifest, { ...options, keys }),
    byMember(to, now!.manifest, { ...options, keys }),
  ]);
  return { ...head, ...compared(before, after) };
}

/** What a path is: its plaintext, where that is known, and the bytes that lie there. */
interface Thing {
  readonly plain?: string | undefined;
  readonly lies: string;
}

type Things = ReadonlyMap<string, Thing>;

async function manifestOf(given: BundleGiven, signal: AbortSignal | undefined): Promise<ReadManifest> {
  await using release = await openReleased(given, signal);
  return await readManifest(release, signal);
}

function byFile({ files }: Manifest): Things {
  return new Map(files.map(({ path, sha256 }) => [path, { lies: sha256 }]));
}

async function byMember(given: BundleGiven, manifest: Manifest, options: UnwrapOptions): Promise<Things> {
  const files = byFile(manifest);
  await using bundle = await openBundle(given, options);
  const things = new Map<string, Thing>();
  for (const member of bundle.members()) things.set(member.path, thingOf(member, files));
  return things;
}

function thingOf(member: BundleMember, files: Things): Thing {
  if (member.kind === 'directory') return { plain: 'directory', lies: '' };
  if (member.kind === 'link') return { plain: `link ${member.target}`, lies: '' };
  const mode = member.executable ? 'executable ' : '';
  return { plain: `${mode}${member.digest}`, lies: files.get(member.file)?.lies ?? '' };
}

function compared(before: Things, after: Things): Omit<ReleaseDiff, 'oldDigest' | 'newDigest' | 'follows'> {
  const [added, removed, changed, reused, rekeyed]: string[][] = [[], [], [], [], []] as never;
  for (const path of before.keys()) if (!after.has(path)) removed!.push(path);
  for (const [path, now] of after) {
    const old = before.get(path);
    if (!old) added!.push(path);
    else if (old.plain !== now.plain) changed!.push(path);
    else if (old.lies === now.lies) reused!.push(path);
    else (now.plain === undefined ? changed! : rekeyed!).push(path);
  }
  for (const some of [added, removed, changed, reused, rekeyed]) some!.sort(comparePaths);
  return { added: added!, removed: removed!, changed: changed!, reused: reused!, rekeyed: rekeyed! };
}

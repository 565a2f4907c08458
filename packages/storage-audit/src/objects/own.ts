import { inOrder, type LyingFile, type Manifest, type ManifestFile } from '@weightseal/core';
import type { Finding } from '../types.js';
import { found } from './found.js';
import type { Place } from './place.js';
import { lies, see } from './plain.js';

/** No model has so many files; of more the others are counted. */
const MOST_LOOKED_AT = 1000;
const AT_ONCE = 8;

/**
 * The files of a bundle that nobody has vouched for: its manifest is anybody's who can write there, and may call plain weights a member, public or sealed. What begins as a sealed payload is taken for
 * that; anything else is looked at like what lies elsewhere.
 */
export async function lookAtOwn(
  place: Place,
  path: string,
  { files }: Pick<Manifest, 'files'>,
  there: readonly LyingFile[],
  signal: AbortSignal | undefined,
): Promise<Finding[]> {
  const sizes = new Map(there.map((file) => [file.path, file.sealedSize]));
  const own = files.filter((file) => sizes.get(file.path) === file.size);
  const some = async function* () {
    yield* own.slice(0, MOST_LOOKED_AT);
  };
  const findings: Finding[] = [];
  for await (const told of inOrder(some(), AT_ONCE, (file) => lookAtOne(place, path, file, signal)))
    findings.push(...told);
  const rest = own.length - MOST_LOOKED_AT;
  if (rest <= 0) return findings;
  const evidence = `Nobody whose signature was verified has made its manifest, and ${rest} more of the files that it names were not looked at.`;
  return [...findings, found('plain', place.nameOf(path), 'unread', evidence)];
}

async function lookAtOne(
  place: Place,
  bundle: string,
  { path, size, public: isPublic }: ManifestFile,
  signal: AbortSignal | undefined,
): Promise<Finding[]> {
  const name = [bundle, path].filter(Boolean).join('/');
  const resource = place.nameOf(name);
  const how = `It is ${isPublic ? 'a public' : 'a'} member by a manifest whose signature was not verified.`;
  const seen = await see(place, name, size, signal);
  // One that is missing is no plain model; whoever verifies the bundle is told.
  if (seen === 'payload' || seen === 'gone') return [];
  if (typeof seen === 'object' && 'format' in seen)
    return [found('plain', resource, 'failed', `${lies(seen.format, size)} ${how}`)];
  if (typeof seen === 'object' && seen.unread !== undefined)
    return [found('plain', resource, 'unread', `${seen.unread} ${how}`)];
  // What is public, and no model as far as it shows, is what it says; a sealed member begins otherwise.
  return isPublic
    ? []
    : [found('plain', resource, 'unread', `It does not begin like a sealed member. ${how}`)];
}

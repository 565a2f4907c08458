import { inOrder, type LyingFile, type ManifestFile } from '@weightseal/core';
import type { Finding } from '../types.js';
import { counted, found } from './found.js';
import type { Place } from './place.js';
import { lies, see } from './plain.js';

/** No model has so many files; of more the others are counted. */
const MOST_LOOKED_AT = 1000;
const AT_ONCE = 8;

export interface Own {
  readonly files: readonly ManifestFile[];
  /** Whether somebody who may has signed that they are. */
  readonly isVerified: boolean;
}

/**
 * The files of a bundle by its manifest. One that nobody has signed may call plain weights a member, public or sealed; of one that is signed the bytes are not compared here, and may have been replaced
 * since. What begins as a sealed payload is taken for that; anything else is looked at like what lies elsewhere.
 */
export async function lookAtOwn(
  place: Place,
  path: string,
  { files, isVerified }: Own,
  there: readonly LyingFile[],
  signal: AbortSignal | undefined,
): Promise<Finding[]> {
  const sizes = new Map(there.map((file) => [file.path, file.sealedSize]));
  const own = files.filter((file) => sizes.get(file.path) === file.size);
  const some = async function* () {
    yield* own.slice(0, MOST_LOOKED_AT);
  };
  const findings: Finding[] = [];
  const look = (file: ManifestFile) => lookAtOne(place, path, file, isVerified, signal);
  for await (const told of inOrder(some(), AT_ONCE, look)) findings.push(...told);
  const rest = own.length - MOST_LOOKED_AT;
  if (rest <= 0) return findings;
  const evidence = (number: string) =>
    `${number} more of the files that its manifest names were not looked at.`;
  return [...findings, counted('plain', place.nameOf(path), 'unread', evidence, rest)];
}

async function lookAtOne(
  place: Place,
  bundle: string,
  { path, size, public: isPublic }: ManifestFile,
  isVerified: boolean,
  signal: AbortSignal | undefined,
): Promise<Finding[]> {
  const name = [bundle, path].filter(Boolean).join('/');
  const tell = (outcome: 'failed' | 'unread', evidence: string) => [
    found('plain', place.nameOf(name), outcome, evidence),
  ];
  const how = `It is ${isPublic ? 'a public' : 'a'} member by a manifest whose signature was ${isVerified ? 'verified' : 'not verified'}.`;
  const seen = await see(place, name, size, signal);
  // One that is missing is no plain model; whoever verifies the bundle is told.
  if (seen === 'payload' || seen === 'gone') return [];
  if (typeof seen === 'object' && 'format' in seen) {
    const told = `${lies(seen.format, size)} ${how}`;
    // Somebody who may has said that everybody can read one of that name and size.
    return isPublic && isVerified ? tell('unread', `${told} ${UNCOMPARED}`) : tell('failed', told);
  }
  if (typeof seen === 'object' && seen.unread !== undefined) return tell('unread', `${seen.unread} ${how}`);
  // What is public, and no model as far as it shows, is what it says; a sealed member begins otherwise.
  return isPublic ? [] : tell('unread', `It does not begin like a sealed member. ${how}`);
}

const UNCOMPARED = 'Whether it is the one that was signed was not compared: `weightseal verify` does.';

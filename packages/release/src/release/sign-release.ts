import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import {
  type BundleGiven,
  checkOptions,
  checkRelease,
  type ErrorCode,
  encodeManifest,
  isWeightsealError,
  MANIFEST_NAME,
  makeFileManifest,
  type OnProgress,
  openReleased,
  type ReadManifest,
  type Released,
  type ReleaseOptions,
  readManifest,
  SIGNATURE_NAME,
  WeightsealError,
} from '@weightseal/core';
import { type Signing, type SignStatementOptions, signStatement } from '../sign.js';
import { statementOfRelease } from './statement-of-release.js';
import { MAX_SIGNATURE } from './verify-release.js';

const ROOM = 4 * 1024 * 1024;

export interface SignReleaseOptions extends SignStatementOptions {
  /** Whether a signature that is there may be replaced; the default is false. */
  readonly overwrite?: boolean | undefined;
  /** Of a file: what is to stand in its manifest, which is written anew where it says something else. */
  readonly release?: ReleaseOptions | undefined;
  /** Of a file that has no manifest yet, which is read once for it; else nothing of it is read. */
  readonly onProgress?: OnProgress | undefined;
}

export interface SignedRelease {
  /** SHA-256 of the manifest, in hexadecimal: the name of the release. */
  readonly digest: string;
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  /** How many files the signature is over, the manifest among them. */
  readonly files: number;
}

const KINDS = {
  overwrite: 'boolean',
  release: 'object',
  onProgress: 'function',
  signal: 'signal',
} as const;

/**
 * Signs a sealed bundle, or a sealed file, as it lies there: by its manifest, so that no payload is read and no key is needed but the one that signs. The signature is `weightseal.sig` in the bundle, and stands beside a file under its name; in a bundle the reference tool of OpenSSF Model Signing takes it too.
 *
 * @throws OUTPUT_EXISTS, MANIFEST_MISSING for a bundle that has none, MANIFEST_INVALID, MANIFEST_MISMATCH, what `signStatement` and the places throw
 */
export async function signRelease(
  sealed: BundleGiven,
  how: Signing,
  options: SignReleaseOptions = {},
): Promise<SignedRelease> {
  const { overwrite = false, release: called, signal } = checkOptions(options, KINDS, 'Signing a release');
  checkRelease(called);
  await using release = await openReleased(sealed, { signal });
  if (!overwrite) await checkUnsigned(release, signal);
  const read = await manifestOf(release, options);
  const renamed = await renamedAs(called, read);
  const payload = statementOfRelease(renamed ?? read, basename(release.name));
  checkReadable(payload);
  const signature = await signStatement(payload, how, { signal });
  // Once there is a signature of it: whatever fails before leaves what was signed as it is.
  if (renamed) await release.write(MANIFEST_NAME, renamed.bytes, { overwrite: true, signal });
  await release.write(SIGNATURE_NAME, signature, { overwrite, signal });
  const { manifest, digest } = renamed ?? read;
  const { name, version, kind, files } = manifest;
  return { digest, name, version, files: kind === 'bundle' ? files.length + 1 : 1 };
}

/** Before any work. @throws OUTPUT_EXISTS */
async function checkUnsigned(release: Released, signal: AbortSignal | undefined): Promise<void> {
  const there = await release.read(SIGNATURE_NAME, MAX_SIGNATURE, signal).catch((error: unknown) => {
    // Who may not list a store is told so of what is not there; the write decides.
    if (isWeightsealError(error) && error.code === 'STORE_DENIED') return undefined;
    throw error;
  });
  if (!there) return;
  throw new WeightsealError(
    'OUTPUT_EXISTS',
    `${release.name} is signed already: allow overwriting (--force; \`overwrite: true\` in a program).`,
  );
}

/** Before a key is asked: what readers would refuse. In base64 it is a third longer, and what says who signed is a fraction of the rest. @throws INVALID_ARGUMENT */
function checkReadable({ length }: Uint8Array): void {
  if (4 * Math.ceil(length / 3) <= MAX_SIGNATURE - ROOM) return;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `A signature over so many files would be longer than ${MAX_SIGNATURE} bytes, and nobody would read it. Seal parts of the directory, each as a bundle of its own.`,
  );
}

/** When the manifest of a file is made here: where there is none, and where what replaces the signature may replace one of another seal too. */
const REMADE = (overwrite: boolean): readonly ErrorCode[] => [
  'MANIFEST_MISSING',
  ...(overwrite ? (['MANIFEST_MISMATCH', 'MANIFEST_INVALID'] as const) : []),
];

async function manifestOf(
  release: Released,
  { overwrite = false, release: called, signal, onProgress }: SignReleaseOptions,
): Promise<ReadManifest> {
  try {
    return await readManifest(release, { signal });
  } catch (error) {
    if (!release.payload || !isWeightsealError(error) || !REMADE(overwrite).includes(error.code)) throw error;
    return await makeFileManifest(release, { release: called, signal, onProgress });
  }
}

/** The manifest that says what it is to say, of a file: its digests are those that stand there. Undefined where it does already. */
async function renamedAs(
  called: ReleaseOptions = {},
  { manifest }: ReadManifest,
): Promise<ReadManifest | undefined> {
  const { name = manifest.name, version = manifest.version, previous = manifest.previous } = called;
  if (name === manifest.name && version === manifest.version && previous === manifest.previous)
    return undefined;
  if (manifest.kind === 'bundle')
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'What a bundle and its version are called is said where it is sealed or resealed, and stands in its manifest already; seal it with --release-name and --release-version, in a program `release`.',
    );
  const changed = { ...manifest, name, version, previous };
  const bytes = await encodeManifest(changed);
  return { manifest: changed, bytes, digest: createHash('sha256').update(bytes).digest('hex') };
}

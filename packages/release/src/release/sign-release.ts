import { basename } from 'node:path';
import {
  type BundleGiven,
  checkOptions,
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
  const { overwrite = false, signal } = checkOptions(options, KINDS, 'Signing a release');
  await using release = await openReleased(sealed, { signal });
  const read = await manifestOf(release, options);
  const payload = statementOfRelease(read, basename(release.name));
  const signature = await signStatement(payload, how, { signal });
  await release.write(SIGNATURE_NAME, signature, { overwrite, signal });
  const { name, version, kind, files } = read.manifest;
  return { digest: read.digest, name, version, files: kind === 'bundle' ? files.length + 1 : 1 };
}

/** When the manifest of a file is made here: where there is none, and where what replaces the signature may replace one of another seal too. */
const REMADE = (overwrite: boolean): readonly ErrorCode[] => [
  'MANIFEST_MISSING',
  ...(overwrite ? (['MANIFEST_MISMATCH'] as const) : []),
];

async function manifestOf(
  release: Released,
  { overwrite = false, release: called, signal, onProgress }: SignReleaseOptions,
): Promise<ReadManifest> {
  try {
    return await renamed(release, await readManifest(release, { signal }), called, signal);
  } catch (error) {
    if (!release.payload || !isWeightsealError(error) || !REMADE(overwrite).includes(error.code)) throw error;
    return await makeFileManifest(release, { release: called, signal, onProgress });
  }
}

/** Of a file, whatever it is called, the digests are those that stand there. */
async function renamed(
  release: Released,
  read: ReadManifest,
  called: ReleaseOptions | undefined,
  signal: AbortSignal | undefined,
): Promise<ReadManifest> {
  const { manifest } = read;
  const { name = manifest.name, version = manifest.version } = called ?? {};
  if (name === manifest.name && version === manifest.version) return read;
  if (manifest.kind === 'bundle')
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'What a bundle and its version are called is said where it is sealed or resealed, and stands in its manifest already; seal it with --release-name and --release-version, in a program `release`.',
    );
  const bytes = await encodeManifest({ ...manifest, name, version });
  await release.write(MANIFEST_NAME, bytes, { overwrite: true, signal });
  return await readManifest(release, { signal });
}

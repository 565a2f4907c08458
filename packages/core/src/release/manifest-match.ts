import { createHash } from '../common/crypto.js';
import { WeightsealError } from '../errors.js';
import { canonicalJson } from '../format/canonical-json.js';
import { TABLE_NAME } from '../format/path.js';
import { MANIFEST_NAME } from '../format/release-names.js';
import type { UnopenedRelease } from '../keys/release-judge.js';
import { MAX_MANIFEST, type Manifest, parseManifest } from './manifest.js';

/** A manifest, and the SHA-256 of its bytes in hexadecimal, by which a signature and a channel name it. */
export interface ReadManifest {
  readonly manifest: Manifest;
  readonly bytes: Uint8Array;
  readonly digest: string;
}

/**
 * The manifest of what is about to be opened, once it is seen to be of just that: of the same id and context, of a bundle with this member table, of a file with this header of its payload. So it holds for whatever recipients the envelope has by now.
 *
 * @throws MANIFEST_MISSING, MANIFEST_INVALID, MANIFEST_MISMATCH, and what the place throws
 */
export async function readManifest(
  release: UnopenedRelease,
  signal: AbortSignal | undefined,
): Promise<ReadManifest> {
  const bytes = await release.read(MANIFEST_NAME, MAX_MANIFEST, signal);
  if (!bytes) throw missing(release.name);
  const manifest = parseManifest(bytes);
  checkIsOf(manifest, release);
  return { manifest, bytes, digest: createHash('sha256').update(bytes).digest('hex') };
}

function checkIsOf(manifest: Manifest, release: UnopenedRelease): void {
  const { kind, id, context, table, header } = release;
  if (manifest.kind !== kind || Buffer.compare(manifest.id, id) !== 0)
    throw mismatch('it is of another seal than the envelope');
  if (Buffer.compare(canonicalJson(manifest.context), canonicalJson(context)) !== 0)
    throw mismatch('it names another context than the envelope');
  // Whoever may encrypt for the key can seal another file under the same id.
  if (header && Buffer.compare(manifest.header ?? new Uint8Array(), header) !== 0)
    throw mismatch('it names the header of another payload');
  if (!table) return;
  const said = manifest.files.find(({ path }) => path === TABLE_NAME);
  if (said?.size !== table.size || said.sha256 !== Buffer.from(table.digest).toString('hex'))
    throw mismatch(`it names another ${TABLE_NAME} than the envelope`);
}

export function mismatch(what: string): WeightsealError {
  return new WeightsealError(
    'MANIFEST_MISMATCH',
    `What lies there is not what the manifest says: ${what}. Get a sound copy from where it was released.`,
  );
}

function missing(name: string): WeightsealError {
  return new WeightsealError(
    'MANIFEST_MISSING',
    `${name} has no manifest (${MANIFEST_NAME}; beside a file under its own name). Get it from where it was released, or make one (\`weightseal sign\`).`,
  );
}

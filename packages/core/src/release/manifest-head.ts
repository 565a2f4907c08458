import { VERSION } from '../common/version.js';
import { WeightsealError } from '../errors.js';
import type { CoreDocument } from '../format/core-document.js';
import { type Manifest, type ManifestHead, textProblem } from './manifest.js';
import { isHexDigest } from './manifest-invalid.js';

/** What its people call a release. */
export interface ReleaseOptions {
  /** Of the model; the context's `model` unless told. */
  readonly name?: string | undefined;
  /** Of the model, as its people count; the context's `version` unless told. */
  readonly version?: string | undefined;
  /** SHA-256 of the manifest of the release before this one, in hexadecimal; that of `reuse` unless told. */
  readonly previous?: string | undefined;
}

const TOOL = `weightseal ${VERSION}`;

/**
 * @throws INVALID_ARGUMENT
 * @hidden
 */
export function checkRelease(release: ReleaseOptions | undefined): void {
  if (release === undefined) return;
  if (typeof release !== 'object' || release === null)
    throw invalid('`release` is an object with `name`, `version` and `previous`');
  const { name, version, previous } = release;
  for (const [what, text] of Object.entries({ name, version })) {
    const problem = text === undefined ? undefined : textProblem(text);
    if (problem !== undefined) throw invalid(`the ${what} of a release ${problem}`);
  }
  if (previous !== undefined && !isHexDigest(previous))
    throw invalid('`previous` is a SHA-256 in 64 lower-case hexadecimal digits');
}

function invalid(what: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', `${what.charAt(0).toUpperCase()}${what.slice(1)}.`);
}

/** What a manifest says that is not its files. */
export function headOf(
  { id, context }: Pick<CoreDocument, 'id' | 'context'>,
  kind: Manifest['kind'],
  release: ReleaseOptions = {},
): ManifestHead {
  const named = (own: string | undefined, inContext: string): string | undefined =>
    own ?? (textProblem(context[inContext]) === undefined ? context[inContext] : undefined);
  return {
    kind,
    id,
    context,
    name: named(release.name, 'model'),
    version: named(release.version, 'version'),
    previous: release.previous,
    created: new Date().toISOString(),
    tool: TOOL,
  };
}

import type { ReleaseOptions } from '@weightseal/core';
import { fs } from './builtins.js';
import { usageError } from './cli-error.js';
import type { Place } from './place.js';
import { quote } from './text.js';
import type { Args } from './types.js';

/** What a manifest is to say; undefined where nobody has told. */
export function releaseOf(args: Args): ReleaseOptions | undefined {
  const [name, version] = [args.one('release-name'), args.one('release-version')];
  return name === undefined && version === undefined ? undefined : { name, version };
}

/** Of a sealed file, which may be to have none. */
export function manifestOf(
  args: Args,
  command: string,
): { readonly manifest: boolean; readonly release: ReleaseOptions | undefined } {
  const manifest = !args.has('no-manifest');
  const release = releaseOf(args);
  if (manifest || !release) return { manifest, release };
  throw usageError(
    `${command}: --release-name and --release-version stand in the manifest, and with --no-manifest there is none.`,
  );
}

/** A signature is of a manifest, and that was made anew. */
export function oldSignature(to: Place): string | undefined {
  const path = `${to.text}.weightseal.sig`;
  if (to.location || !fs.existsSync(path)) return undefined;
  return `${quote(path)} is the signature of what was there before, and holds for this no more: \`weightseal sign --force\`, or remove it.`;
}

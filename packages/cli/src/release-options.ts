import type { ReleaseOptions } from '@weightseal/core';
import { usageError } from './cli-error.js';
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

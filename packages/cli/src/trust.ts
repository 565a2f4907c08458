import type { Config } from '@weightseal/config';
import type { ReleaseJudge } from '@weightseal/core';
import { keepWarning } from './captured.js';
import { trustedConfiguration } from './configuration.js';
import { tellNote } from './notes.js';
import type { Args } from './types.js';

/**
 * What judges releases, by the configuration that counts; undefined where it says nothing of them. Keys that are named by URI need no configuration, and what a trusted one says of releases counts for them as well: it is about the
 * models, whoever opens them by whatever key. One that was only found has no effect, and does not hide a trusted one above it.
 *
 * @param config the one that the keys are of, where they need one
 */
export async function trustFor(args: Args, config: Config | undefined): Promise<ReleaseJudge | undefined> {
  const { trustJudge } = await import('@weightseal/config');
  const counts = config ?? (await trustedConfiguration(args));
  if (!counts) return undefined;
  return await trustJudge(counts, {
    onWarning: ({ code, message }) => {
      const text = `opened although the trust policy is not met (${code}): ${message}`;
      if (args.has('json')) keepWarning(text);
      else if (!args.has('quiet')) tellNote(text);
    },
  });
}

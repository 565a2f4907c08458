import type { Matcher } from '../common/glob.js';
import { isPassing } from '../format/path.js';

/** What is no part of a model, wherever it is found: what other programs leave for themselves. */
const NEVER: readonly { readonly name: RegExp; readonly why: string }[] = [
  { name: /^\.(?:git|hg|svn)$/, why: 'version control' },
  { name: /^(?:\.cache|__pycache__|\.ipynb_checkpoints|\.locks)$/, why: 'a cache' },
  { name: /^(?:\.DS_Store|Thumbs\.db|desktop\.ini|\._.+)$/, why: 'of a file manager' },
  { name: /\.lock$/, why: 'a lock file' },
  { name: /^\..+\.weightseal-(?:tmp|part|old)$/, why: 'left by weightseal' },
];

/** A path that is not sealed, and why. */
export interface LeftOut {
  readonly path: string;
  readonly why: string;
}

/** What of a directory becomes a member. */
export interface Choice {
  readonly include: Matcher | undefined;
  readonly exclude: Matcher | undefined;
}

/** Why a path is left out; undefined for what is taken. A directory that is left out is not looked into. */
export function whyLeftOut(
  path: string,
  isDirectory: boolean,
  { include, exclude }: Choice,
): string | undefined {
  if (exclude?.(path)) return 'excluded';
  const asked = include?.(path) ?? false;
  if (asked) return undefined;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const known = isPassing(name) ? 'left by weightseal' : NEVER.find((one) => one.name.test(name))?.why;
  if (known !== undefined) return known;
  // Whether anything in it is included is not known yet.
  return include && !isDirectory ? 'not included' : undefined;
}

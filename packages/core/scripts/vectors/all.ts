import { bundleFaults } from './bundle-faults.js';
import { bundleVectors } from './bundles.js';
import { negativeVectors } from './negative.js';
import { POSITIVE, positiveVector } from './positive.js';
import { wrapVectors } from './wraps.js';

/** The content of each file of vectors/, by its name. */
export function allVectors(): Record<string, unknown> {
  return {
    positive: POSITIVE.map(positiveVector),
    negative: negativeVectors(),
    wraps: wrapVectors(),
    bundles: bundleVectors(),
    'bundle-faults': bundleFaults(),
  };
}

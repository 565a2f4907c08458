import { configured, key } from './flags.js';
import type { Command } from './spec.js';

export const RELEASE_COMMANDS: readonly Command[] = [
  {
    name: 'diff',
    operand: '<bundle>',
    second: '<newer>',
    prints: true,
    summary: 'show what changed from one release to the next',
    about:
      'Compares two bundles by their manifests: which files were added, removed, changed, or are the very same bytes, and whether the second says that it came after the first. No key is needed. With --key it compares the members, and tells ' +
      'apart what has other bytes from what was only encrypted anew. Exits with 0 whether they differ or not.',
    flags: [
      { ...key, help: 'a key that opens both, to compare their members; repeat for more' },
      ...configured,
    ],
    examples: [
      'weightseal diff llama-3.sealed llama-3.1.sealed',
      "weightseal diff s3://models/llama-3 s3://models/llama-3.1 --json | jq '.changed[]'",
    ],
  },
];

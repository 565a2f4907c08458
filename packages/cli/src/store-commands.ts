import { configuration, force, provider } from './flags.js';
import type { Command } from './spec.js';

export const STORE_COMMANDS: readonly Command[] = [
  {
    name: 'ls',
    operand: '<place>',
    prints: true,
    summary: 'list the sealed files and bundles at a place',
    about:
      'Shows what is sealed in a directory or below a URI of a store (s3://BUCKET/models): kind, size, when it was written, and path; a bundle is one line. No key is needed. ' +
      'Of each file the first bytes are looked at, which in a store is a request for each; all is shown as it comes.',
    flags: [
      { name: 'recursive', short: 'r', help: 'also what lies deeper' },
      { name: 'all', short: 'a', help: 'also what is not sealed, which is only counted else' },
      ...configuration,
      provider,
    ],
    examples: [
      'weightseal ls s3://models',
      'weightseal ls s3://models/llama --recursive --json | jq .entries',
    ],
  },
  {
    name: 'cp',
    operand: '<from>',
    second: '<to>',
    summary: 'copy a sealed file or a bundle as it is, between disks and stores',
    about:
      'Copies a sealed file or a bundle as it lies there, from a path or a URI to a path or a URI. Nothing is opened, and no key is needed. What is there already and is the same is not copied again, so the ' +
      'same command goes on with a copy that was cut off. A bundle is one only when all of it is there, and never mixed with another. A file goes into a directory that is there, and below a URI that ends in a slash, ' +
      'under its own name; a bundle becomes what <to> says.',
    flags: [
      { ...force, help: 'replace another file that is there; a bundle only on a disk' },
      {
        name: 'any',
        help: 'copy a file that is not sealed, too; without it, no plaintext leaves by a slip',
      },
      ...configuration,
      provider,
    ],
    examples: [
      'weightseal cp llama.sealed s3://models/llama-3',
      'weightseal cp s3://models/llama-3 gs://mirror/llama-3',
      'weightseal cp az://account/models/model.sealed .',
    ],
  },
];

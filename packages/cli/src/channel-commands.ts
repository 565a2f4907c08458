import { configured } from './flags.js';
import { signers, signing } from './release-flags.js';
import type { Command, Flag } from './spec.js';

/** The channel before may be of another key than the one that signs now. */
const earlier: readonly Flag[] = signers.map((flag) =>
  flag.name === 'public-key'
    ? { ...flag, help: 'a public key in PEM whose channel may be replaced, besides that of --signer' }
    : flag,
);

export const CHANNEL_COMMANDS: readonly Command[] = [
  {
    name: 'channel publish',
    operand: '<sealed>',
    summary: 'say in a signed channel that a release is the current one',
    about:
      'Writes weightseal.channel.json at the place, a directory or below a URI of a store: a signed word that this release of the model is the current one, under the number after the one that is there. Who opens with a channel in the ' +
      'policy (`weightseal help trust`) opens no other release, and takes no older channel. What is there is replaced only if it is of the same model and signer, and unchanged meanwhile. Renew it before it ends.',
    flags: [
      {
        name: 'channel',
        value: 'place',
        required: true,
        help: 'the directory or URI that it lies in, or a name that ends in .json',
      },
      { name: 'expires', value: 'time', required: true, help: 'for how long it counts: 12h, 30d' },
      { name: 'release-version', value: 'version', help: 'for people; that of the manifest unless told' },
      ...signing,
      ...earlier,
      ...configured,
    ],
    examples: [
      'weightseal channel publish s3://models/llama-3 --channel s3://models/llama --expires 30d --signer pem:release.pem',
    ],
  },
  {
    name: 'channel show',
    operand: '<place>',
    prints: true,
    summary: 'show what a channel says, and who says so',
    about:
      'Shows which release of which model the channel at a place names, its number, and until when it counts. Its signature is verified for those whom you name; without, it is only shown. Nothing is remembered of it.',
    flags: [...signers, ...configured],
    examples: ['weightseal channel show s3://models/llama --public-key release.pub.pem'],
  },
];

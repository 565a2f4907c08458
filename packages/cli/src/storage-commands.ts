import { configuration, provider } from './flags.js';
import type { Command } from './spec.js';

export const STORAGE_COMMANDS: readonly Command[] = [
  {
    name: 'storage configure',
    operand: '<uri>',
    prints: true,
    summary: 'make a bucket as `audit storage` wants it: shows a plan, applies it, and can undo it',
    about:
      'Reads how a bucket of S3 (s3://BUCKET), of Google (gs://BUCKET) or an account of Azure (az://ACCOUNT/CONTAINER) is set up, and shows what it would change: each change with what is there, what will be, the permission it needs and what ' +
      'undoes it. It only tightens: statements and rules that are there stay, another key of a customer is kept, and what cannot be read is not touched. On a terminal it asks before it applies; elsewhere --yes does, and without it nothing is changed. Before anything is ' +
      'written the way back is kept in a file, for --undo; it is planned anew before the first change, and each setting is read again just before it is written, and read back. Exits with 0 where all is as it should be; 9 where something was left as it is that is not; 15 where a plan was shown and not applied; ' +
      '7 where a change failed, and says what was done. `weightseal help storage-configure` has the permissions. Needs the package @weightseal/storage-audit.',
    flags: [
      {
        name: 'key',
        short: 'k',
        value: 'key',
        help: "the customer's key that new objects are to be under: its URI, a name, or as the cloud calls it",
      },
      { name: 'fix', help: 'mend what needs no key; a default encryption that is under a key is kept' },
      {
        name: 'undo',
        value: 'file',
        help: 'put back what was there before, by the file that was kept; this loosens',
      },
      { name: 'allow-public', help: 'with --undo: put back also what lets everybody in' },
      {
        name: 'undo-file',
        value: 'file',
        help: 'where the way back is kept; weightseal-undo-<bucket>-<time>.json here unless told',
      },
      {
        name: 'only',
        value: 'check',
        many: true,
        help: 'mend only this check (s3/versioning, or versioning); repeat for more; what could lock people out needs to be named so',
      },
      { name: 'yes', short: 'y', help: 'apply it without asking' },
      { name: 'dry-run', help: 'show the plan, and change nothing' },
      {
        name: 'owner',
        value: 'account',
        help: 'of s3://: the account, 12 digits, that the bucket must belong to',
      },
      {
        name: 'subscription',
        value: 'id',
        help: 'of az://: the subscription of the account; AZURE_SUBSCRIPTION_ID unless told',
      },
      {
        name: 'resource-group',
        value: 'name',
        help: 'of az://: the resource group of the account; AZURE_RESOURCE_GROUP unless told',
      },
      {
        name: 'management-endpoint',
        value: 'url',
        help: "where the keys (s3, gs) or the account (az) are managed, where that is not the cloud's own",
      },
      ...configuration,
      provider,
    ],
    examples: [
      'weightseal storage configure s3://models --key aws-kms://alias/models?region=eu-central-1 --dry-run',
      'weightseal storage configure gs://models --fix --yes',
      'weightseal storage configure s3://models --undo weightseal-undo-models-20260102T030405Z.json',
    ],
  },
];

import { configuration, force, provider } from './flags.js';
import { signers } from './release-flags.js';
import type { Command } from './spec.js';

/** From the worst on, as the package of the audit has them, which is not loaded for the help. */
const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'];

export const AUDIT_COMMANDS: readonly Command[] = [
  {
    name: 'audit storage',
    operand: '<place>',
    prints: true,
    summary: 'look at how a bucket or a directory is protected, and what lies in it unsealed',
    about:
      'Looks at the settings of a bucket of S3, of Google Cloud Storage or of an account of Azure, or at a directory of this machine: encryption and its key, policy, public access, versions, retention, logs; and at the objects there: sealed ' +
      'or plain, for which keys, signed by whom, uploads that never ended. It changes nothing, and opens nothing. What could not be read is told as unread, and never as passed. Exits with 0; 9 where nothing failed and something could not be read; ' +
      '10 to 14 by the worst that failed: info, low, medium, high, critical (--fail-on says from where on it counts). Needs the package @weightseal/storage-audit.',
    flags: [
      { name: 'storage-only', help: 'only how the storage is set up, and no object' },
      { name: 'objects-only', help: 'only what lies there, and no setting' },
      { name: 'sealed', help: 'all that lies there should be sealed: settings count for less then' },
      {
        name: 'key',
        short: 'k',
        value: 'key',
        help: 'the key that the storage should encrypt with: its URI, a name, or as the cloud calls it',
      },
      {
        name: 'keys',
        value: 'key',
        many: true,
        help: 'a key that may open sealed objects, as `inspect` shows it, or a name; repeat for more; those of the configuration unless told',
      },
      {
        name: 'owner',
        value: 'account',
        help: 'of s3://: the account, 12 digits, that the bucket must belong to; of a directory: the number of its user',
      },
      ...signers,
      {
        name: 'sample',
        value: 'share',
        help: 'look into this share of the objects, 0.1 for a tenth: the same ones each time',
      },
      {
        name: 'after',
        value: 'cursor',
        help: 'look into what comes behind this object only, as `cursor` of --json has it',
      },
      {
        name: 'state',
        value: 'file',
        help: 'keep here how far it is: the same command goes on with an audit that was cut off; removed at the end',
      },
      {
        name: 'format',
        value: 'format',
        values: ['table', 'json', 'sarif', 'markdown', 'evidence'],
        help: 'of the report: table (unless told), json, sarif, markdown for a ticket, evidence (as OSCAL has it)',
      },
      {
        name: 'output',
        short: 'o',
        value: 'file',
        help: 'where the report goes; standard output unless told',
      },
      { ...force, help: 'replace a report, or a baseline, that is there' },
      { name: 'explain', help: 'say of each finding why it matters, and what mends it' },
      { name: 'all', short: 'a', help: 'also what passed, and what does not apply' },
      {
        name: 'fail-on',
        value: 'severity',
        values: [...SEVERITIES, 'never'],
        help: 'from which severity on a finding counts for the exit code; low unless told',
      },
      {
        name: 'baseline',
        value: 'file',
        help: 'findings that were accepted, which count no more until they expire',
      },
      {
        name: 'write-baseline',
        value: 'file',
        help: 'accept all that is found now, and exit with 0; needs --by, --reason and --until',
      },
      { name: 'by', value: 'name', help: 'with --write-baseline: who accepts it' },
      { name: 'reason', value: 'text', help: 'with --write-baseline: why' },
      { name: 'until', value: 'date', help: 'with --write-baseline: until when, 2030-01-31' },
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
      { name: 'no-anonymous', help: 'of s3://: do not try what somebody without credentials is given' },
      ...configuration,
      provider,
    ],
    examples: [
      'weightseal audit storage s3://models --sealed --key aws-kms://alias/models --owner 111122223333',
      'weightseal audit storage gs://models/llama --format sarif -o storage.sarif --baseline accepted.json',
      'weightseal audit storage az://acmemodels/weights --subscription 00000000-0000-0000-0000-000000000000 --resource-group models',
      'weightseal audit storage /srv/models --explain',
    ],
  },
];

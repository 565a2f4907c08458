import { shellWord } from '../../report/quoting.js';
import { failed, inapplicable, passed, type Result, type S3Check } from '../check.js';
import { Unread } from '../failures.js';
import { keyArn } from '../key-facts.js';
import { encryptionMend } from '../mends.js';
import { customerKey } from '../policy-mend.js';

export const keyState: S3Check = {
  id: 's3/key-state',
  title: 'The key of the default encryption can be used, and is its owner’s',
  why: 'With a key that is disabled or about to be deleted nothing that it encrypts can be read, and nothing be uploaded. The policy of one that AWS manages cannot be changed.',
  whenSealed:
    'It is the same: what is sealed cannot be opened either where S3 cannot decrypt what lies above it.',
  severity: { plain: 'high', sealed: 'high' },
  async look(facts) {
    const key = await customerKey(facts);
    if (key === undefined) return inapplicable('The default encryption names no key of AWS KMS.');
    const {
      Arn: arn = key,
      KeyState: state,
      KeyManager: manager,
      KeyUsage: usage,
    } = await facts.keys.describe(key);
    if (state === undefined) throw new Unread(`AWS KMS did not say the state of ${key}. Check the endpoint.`);
    if (state !== 'Enabled') return unusable(arn, String(state).slice(0, 32));
    if (usage !== undefined && usage !== 'ENCRYPT_DECRYPT')
      return failed(`The key ${key} is not made to encrypt (${usage}).`, encryptionMend(facts));
    if (manager === 'AWS') return failed(`The key ${key} is managed by AWS.`, encryptionMend(facts));
    return passed(`The key ${key} is enabled, and managed by its owner.`);
  },
};

function unusable(key: string, state: string): Result {
  const told = keyArn(key);
  const at = told === undefined ? '' : ` --region ${told.region}`;
  const dying = state === 'PendingDeletion' || state === 'PendingReplicaDeletion';
  const enable = `aws kms enable-key --key-id ${shellWord(key)}${at}`;
  const command = dying ? `aws kms cancel-key-deletion --key-id ${shellWord(key)}${at} && ${enable}` : enable;
  const terraform = `resource "aws_kms_key" "models" {
  # Once its deletion is cancelled (aws kms cancel-key-deletion), where that was asked for.
  is_enabled = true
}`;
  return failed(
    `The key ${key} cannot be used: its state is ${state}.`,
    { command, terraform },
    {
      severity: dying ? { plain: 'critical', sealed: 'critical' } : undefined,
    },
  );
}

import { shellWord } from '../../report/quoting.js';
import { failed, inapplicable, passed, type S3Check, times } from '../check.js';
import { keyArn } from '../key-facts.js';
import { customerKey } from '../policy-mend.js';

export const keyRotation: S3Check = {
  id: 's3/key-rotation',
  title: 'The key of the default encryption is rotated',
  why: 'A key that is never rotated encrypts more and more under one material, and rules such as PCI DSS ask for new one.',
  whenSealed:
    'Rotation of this key and of the keys that seal are apart: it renews nothing of what is sealed (weightseal rewrap does).',
  severity: { plain: 'medium', sealed: 'low' },
  async look(facts) {
    const key = await customerKey(facts);
    if (key === undefined) return inapplicable('The default encryption names no key of AWS KMS.');
    const { Arn: arn = key, KeyManager: manager, Origin: origin } = await facts.keys.describe(key);
    if (manager === 'AWS')
      return inapplicable(`The key ${key} is managed by AWS, which rotates it each year.`);
    // https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
    if (origin !== undefined && origin !== 'AWS_KMS')
      return inapplicable(
        `The material of ${key} comes from elsewhere (${String(origin).slice(0, 32)}), and cannot be rotated by itself.`,
      );
    const { KeyRotationEnabled: isOn, RotationPeriodInDays: days } = await facts.keys.rotation(key);
    if (isOn === true)
      return passed(`The key ${key} is rotated${days === undefined ? '' : ` every ${times(days, 'day')}`}.`);
    const told = keyArn(arn);
    const at = told === undefined ? '' : ` --region ${told.region}`;
    return failed(`The key ${key} is not rotated.`, {
      command: `aws kms enable-key-rotation --key-id ${shellWord(arn)}${at}`,
      terraform: `resource "aws_kms_key" "models" {
  enable_key_rotation = true
}`,
    });
  },
};

import type { WrappedKey } from '@weightseal/core';
import { createAwsKey } from '@weightseal/kms-aws';
import { expect, it } from 'vitest';

const ID = '1234abcd-12ab-34cd-56ef-1234567890ab';
const OTHER_ID = '99999999-12ab-34cd-56ef-1234567890ab';
const MRK = 'mrk-1234abcd12ab34cd56ef1234567890ab';
const arn = (id: string, { partition = 'aws', region = 'eu-west-1', account = '111122223333' } = {}) =>
  `arn:${partition}:kms:${region}:${account}:key/${id}`;

function slot(key: string, change: Partial<WrappedKey> = {}): WrappedKey {
  const ciphertext = new Uint8Array(150);
  return {
    keyUri: `aws-kms://${key}`,
    keyVersion: key,
    algorithm: 'SYMMETRIC_DEFAULT',
    ciphertext,
    ...change,
  };
}

const ALIAS = 'arn:aws:kms:eu-west-1:111122223333:alias/models';
const elsewhere = [
  arn(ID, { account: '999999999999' }),
  arn(ID, { region: 'us-east-1' }),
  arn(ID, { partition: 'aws-cn', region: 'cn-north-1' }),
  arn(MRK, { account: '999999999999' }),
];

it.each<[string, object, readonly string[], readonly string[]]>([
  ['a key ARN', { keyId: arn(ID) }, [arn(ID), ID], [arn(OTHER_ID), OTHER_ID, ...elsewhere]],
  ['the ARN of an alias', { keyId: ALIAS }, [arn(ID), arn(MRK, { region: 'us-east-1' }), ID], elsewhere],
  [
    'an alias with its region',
    { keyId: 'alias/models', region: 'eu-west-1' },
    [arn(ID), arn(ID, { account: '999999999999' })],
    [arn(ID, { region: 'us-east-1' })],
  ],
  ['an alias alone', { keyId: 'alias/models' }, [arn(ID), arn(ID, { region: 'us-east-1' })], []],
  ['a key id', { keyId: ID, region: 'eu-west-1' }, [arn(ID), ID], [arn(OTHER_ID), elsewhere[1]!]],
  [
    'a replica of a multi-Region key',
    { keyId: arn(MRK) },
    [arn(MRK), arn(MRK, { region: 'us-east-1' })],
    [arn(ID), elsewhere[3]!],
  ],
])(
  '%s takes slots of its own account, region and key, and asks for no other',
  async (_what, name, own, foreign) => {
    let calls = 0;
    const send = () => {
      calls++;
      return Promise.reject(new Error('asked'));
    };
    const key = createAwsKey({ client: { send } as never, ...(name as { keyId: string }) });
    for (const one of own) expect(key.fits!(slot(one)), one).toBe(true);
    for (const one of foreign) {
      expect(key.fits!(slot(one)), one).toBe(false);
      await expect(key.unwrap(slot(one), {})).rejects.toMatchObject({ code: 'UNWRAP_REJECTED' });
    }
    expect(calls).toBe(0);
  },
);

it('takes no slot whose words are not of one key', () => {
  const key = createAwsKey({ keyId: ALIAS });
  for (const change of [
    { keyUri: `aws-kms://${elsewhere[0]}` },
    { keyUri: 'aws-kms://nothing' },
    { keyVersion: 'alias/models' },
    { keyVersion: '' },
    { algorithm: 'RSAES_OAEP_SHA_256' },
    { ciphertext: new Uint8Array() },
    { ciphertext: new Uint8Array(6145) },
  ])
    expect(key.fits!(slot(arn(ID), change))).toBe(false);
});

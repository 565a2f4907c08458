import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Sandbox } from '../test/support/cli.js';

const moto = process.env['WEIGHTSEAL_EMULATOR_MOTO'];

/** One operation of AWS KMS, as the wire has it. moto checks no signature. */
async function kms<T>(operation: string, input: object): Promise<T> {
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `TrentService.${operation}`,
    authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/kms/aws4_request',
  };
  const answer = await fetch(moto!, { method: 'POST', headers, body: JSON.stringify(input) });
  if (!answer.ok) throw new Error(`${operation} gave ${answer.status}: ${await answer.text()}`);
  return (await answer.json().catch(() => undefined)) as T;
}

const environment = `export AWS_ENDPOINT_URL_KMS=${moto} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test`;

it.skipIf(!moto)(
  'keys in a cloud, by configuration (skipped unless WEIGHTSEAL_EMULATOR_MOTO is its URL)',
  async () => {
    const { KeyMetadata } = await kms<{ KeyMetadata: { KeyId: string } }>('CreateKey', {});
    const alias = `alias/cli-${randomBytes(6).toString('hex')}`;
    await kms('CreateAlias', { AliasName: alias, TargetKeyId: KeyMetadata.KeyId });

    await using sandbox = await Sandbox.create();
    const shell = (command: string) => sandbox.run(`${environment}; ${command}`);
    const config = {
      keys: {
        models: `aws-kms://${alias}?region=eu-central-1`,
        missing: 'aws-kms://alias/missing?region=eu-central-1',
      },
      recipients: [{ keys: ['models'], context: { model: true } }],
      open: ['models'],
    };
    await writeFile(join(sandbox.path, 'weightseal.config.json'), JSON.stringify(config));
    expect(await shell('weightseal config trust')).toMatchObject({ code: 0 });
    await writeFile(join(sandbox.path, 'model.bin'), randomBytes(200_000));

    const check = await shell('weightseal keys check models --json');
    expect(check, check.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(check.stdout)).toMatchObject({ keys: [{ name: 'models', works: true }] });

    const broken = await shell('weightseal keys check');
    expect(broken.code).toBe(4);
    expect(broken.stdout + broken.stderr).toContain('KEY_NOT_FOUND');

    expect(await shell('weightseal rotate models --every 180')).toMatchObject({ code: 0 });
    const status = await shell('weightseal rotate models --status --json');
    expect(JSON.parse(status.stdout)).toMatchObject({ rotation: { automatic: true } });

    expect(await shell('weightseal seal model.bin')).toMatchObject({ code: 2 });
    expect(await shell('weightseal seal model.bin --context model=bert')).toMatchObject({ code: 0 });
    expect(await shell('weightseal open model.bin.sealed -o opened')).toMatchObject({ code: 0 });
    expect(await shell('cmp model.bin opened')).toMatchObject({ code: 0 });
  },
);

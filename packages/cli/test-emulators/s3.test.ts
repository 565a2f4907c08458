import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Sandbox } from '../test/support/cli.js';

const url = process.env['WEIGHTSEAL_EMULATOR_SEAWEEDFS'];
const SECRET = 'admin-secret-access-key-of-a-test-run';
const environment = `export AWS_ACCESS_KEY_ID=admin-access-key AWS_SECRET_ACCESS_KEY=${SECRET} AWS_EC2_METADATA_DISABLED=true`;

it.skipIf(!url)(
  'models in S3, by configuration (skipped unless WEIGHTSEAL_EMULATOR_SEAWEEDFS is its URL)',
  async () => {
    await using sandbox = await Sandbox.create();
    const bucket = `cli-${randomBytes(6).toString('hex')}`;
    const tuning = { attempts: 3 };
    const stores = { s3: { endpoint: url, region: 'eu-central-1', pathStyle: true, tuning } };
    await writeFile(
      join(sandbox.path, 'weightseal.config.json'),
      JSON.stringify({ stores, open: ['local:k'] }),
    );
    const ok = async (command: string, code = 0): Promise<string> => {
      const outcome = await sandbox.run(`${environment}; ${command}`);
      expect(outcome.stdout + outcome.stderr).not.toContain(SECRET);
      expect(outcome.code, `${command}: ${outcome.stderr}`).toBe(code);
      return outcome.stdout;
    };
    await ok('weightseal config trust && weightseal keygen k && weightseal keygen k2');
    await ok(
      'mkdir llama; head -c 20000000 /dev/urandom > llama/w.safetensors; echo "{}" > llama/config.json; head -c 100 /dev/urandom > llama/small',
    );
    const at = `s3://${bucket}/models`;

    await ok(`weightseal seal llama/w.safetensors --key local:k -o ${at}/w.sealed`);
    await ok(`weightseal open ${at}/w.sealed -o - | cmp - llama/w.safetensors`);
    await ok(`weightseal seal llama/w.safetensors --key local:k -o ${at}/w.sealed`, 6);
    await ok(`weightseal rewrap ${at}/w.sealed --key local:k --to local:k2`);
    await ok(`weightseal reseal ${at}/w.sealed --key local:k --key local:k2 --remove local:k2`);
    await ok(`weightseal verify ${at}/w.sealed`);

    await ok(`weightseal seal llama --key local:k --public '*.json' -o ${at}/llama-3`);
    await ok(`weightseal verify ${at}/llama-3`);
    await ok(`weightseal verify ${at}/llama-3 --no-key`);
    await ok('openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out r.pem && chmod 600 r.pem');
    await ok(`weightseal sign ${at}/llama-3 --signer pem:r.pem`);
    await ok('openssl pkey -in r.pem -pubout -out r.pub');
    await ok(`weightseal verify-signature ${at}/llama-3 --public-key r.pub`);
    await ok(`weightseal rewrap ${at}/llama-3 --key local:k --to local:k2`);
    if (process.platform === 'linux') await ok(`weightseal run ${at}/llama-3 -- diff -r {model} llama`);
    await ok(`weightseal cp ${at}/llama-3 s3://${bucket}/mirror/llama-3`);
    const again = JSON.parse(
      await ok(`weightseal cp ${at}/llama-3 s3://${bucket}/mirror/llama-3 --json`),
    ) as object;
    expect(again).toMatchObject({ copied: 0, present: 7 });
    await ok(
      `weightseal cp s3://${bucket}/mirror/llama-3 back && weightseal open back -o opened && diff -r opened llama`,
    );
    await ok(`weightseal cp back s3://${bucket}/mirror/llama-4`);
    await ok(`weightseal cp ${at}/w.sealed s3://${bucket}/mirror/`);

    const listed = JSON.parse(await ok(`weightseal ls s3://${bucket} --recursive --json`)) as {
      readonly entries: readonly { readonly kind: string; readonly path: string }[];
    };
    expect(listed.entries.map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      'bundle mirror/llama-3',
      'bundle mirror/llama-4',
      'sealed mirror/w.sealed',
      'bundle models/llama-3',
      'sealed models/w.sealed',
    ]);
    expect(await ok(`weightseal sweep s3://${bucket} --older-than 0s`)).toBe('nothing was left\n');
    await ok(`weightseal inspect s3://${bucket}/nothing`, 6);
    await ok(
      `AWS_ACCESS_KEY_ID=nobody-access-key AWS_SECRET_ACCESS_KEY=nobody-${SECRET.slice(6)} weightseal ls s3://${bucket}`,
      7,
    );
  },
);

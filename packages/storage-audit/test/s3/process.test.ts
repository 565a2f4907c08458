import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const directory = fileURLToPath(new URL('.', import.meta.url));

async function run(script: string): Promise<unknown> {
  const args = ['--input-type=module', '-e', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: directory });
  return JSON.parse(stdout);
}

describe('a process that audits', () => {
  it('loads the SDK when the first finding is asked for', async () => {
    const loaded = `Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('client-s3')).length`;
    const shown = await run(`
      import { createRequire } from 'node:module';
      import { auditS3 } from '@weightseal/storage-audit';
      const denied = Object.assign(new Error(), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
      const audit = auditS3('models', { clients: { s3: { send: () => Promise.reject(denied) } } });
      const before = ${loaded};
      for await (const { outcome } of audit) console.log(JSON.stringify([before, ${loaded} > 0, outcome])), process.exit();`);
    expect(shown).toEqual([0, true, 'unread']);
  });

  it.each(['@aws-sdk/client-kms', '@aws-sdk/client-s3-control'])(
    'is told what to install where %s is not there',
    async (name) => {
      const shown = await run(`
      import { registerHooks } from 'node:module';
      import { auditS3 } from '@weightseal/storage-audit';
      registerHooks({
        resolve(specifier, context, next) {
          if (specifier === '${name}') throw Object.assign(new Error('not found'), { code: 'ERR_MODULE_NOT_FOUND' });
          return next(specifier, context);
        },
      });
      const KMSMasterKeyID = 'arn:aws:kms:us-east-1:111122223333:key/1';
      const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID } }];
      const s3 = { send: async () => ({ ServerSideEncryptionConfiguration: { Rules } }) };
      const other = { send: () => Promise.reject(new Error('not asked')) };
      const options = { clients: { s3, kms: other, s3Control: other, anonymous: other }, bucketOwner: '111122223333' };
      const told = (await Array.fromAsync(auditS3('models', options))).filter(({ evidence }) => evidence.includes('npm install ${name}'));
      console.log(JSON.stringify(told.map(({ check, outcome }) => [check, outcome])));`);
      expect(shown).toEqual(
        name === '@aws-sdk/client-kms'
          ? [
              ['s3/key-state', 'unread'],
              ['s3/key-rotation', 'unread'],
            ]
          : [['s3/account-public-access', 'unread']],
      );
    },
  );
});

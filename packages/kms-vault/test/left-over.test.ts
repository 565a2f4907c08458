import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { silentPort } from '@weightseal/fault-proxy';
import { afterAll, expect, it } from 'vitest';
import { FakeVault } from './fake/server.js';

const TOKEN = 'hvs.token-of-the-test';
const fake = await FakeVault.start();
afterAll(() => fake[Symbol.asyncDispose]());
fake.tokens.set(TOKEN, ['*']);
fake.create('models');

/** What a process says that ends by itself; one that has something left over is ended here, and fails. */
async function endsByItself(address: string, script: string): Promise<string> {
  const start = `
    import { createVaultKey } from '@weightseal/kms-vault';
    const options = { address: ${JSON.stringify(address)}, name: 'models', token: ${JSON.stringify(TOKEN)} };
    const dataKey = new Uint8Array(32);
    process.on('beforeExit', () => console.log('nothing left after', Math.round(performance.now() - done) < 2_500));
    let done;
  `;
  const args = ['--input-type=module', '-e', `${start}${script}; done = performance.now();`];
  const options = { cwd: import.meta.dirname, timeout: 120_000 };
  return (await promisify(execFile)(process.execPath, args, options)).stdout.trim();
}

it('a kept connection does not keep the process', async () => {
  const told = await endsByItself(
    fake.address,
    'const key = createVaultKey(options); await key.unwrap(await key.wrap(dataKey, {}), {})',
  );
  expect(told).toBe('nothing left after true');
});

it('neither does a call that ran into its deadline, or was aborted', async () => {
  const told = await endsByItself(
    `http://127.0.0.1:${await silentPort()}`,
    `const key = createVaultKey({ ...options, deadlineMs: 50 });
     await key.wrap(dataKey, {}).catch(({ code }) => console.log(code));
     const signal = AbortSignal.timeout(50);
     await createVaultKey(options).wrap(dataKey, {}, { signal }).catch(({ code }) => console.log(code))`,
  );
  expect(told.split('\n')).toEqual(['KEY_TIMEOUT', 'ABORTED', 'nothing left after true']);
});

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { FakeKms } from './fake-kms.js';

const kms = await FakeKms.start();
const key = kms.key();
afterAll(() => kms[Symbol.asyncDispose]());

describe('a process that uses an AWS KMS key', () => {
  it('loads the SDK at the first call', async () => {
    const loaded = `Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('client-kms')).length`;
    const shown = await run(`
      const key = keyAt('${kms.url}');
      const before = ${loaded};
      await key.wrap(new Uint8Array(32), {});
      console.log(JSON.stringify([before, ${loaded} > 0]));`);
    expect(JSON.parse(shown)).toEqual([0, true]);
  });

  it('ends by itself after its calls, with the connections still open', async () => {
    const shown = await run(`
      const key = keyAt('${kms.url}');
      await key.unwrap(await key.wrap(new Uint8Array(32), {}), {});
      console.log('done');`);
    expect(shown).toBe('done\n');
  });

  it('is kept alive by no timer once a call that was waiting to try again is aborted', async () => {
    const shown = await run(`
      const controller = new AbortController();
      let stop;
      const throttling = createServer((request, response) => {
        // Once: the next try may come first, and a timer of this server's is none of the key's.
        response.on('finish', () => (stop ??= setTimeout(() => controller.abort(), 20)));
        response.writeHead(429, { 'content-type': 'application/x-amz-json-1.1' });
        response.end('{"__type":"ThrottlingException"}');
      });
      await once(throttling.listen(0, '127.0.0.1'), 'listening');
      const key = keyAt('http://127.0.0.1:' + throttling.address().port);
      const error = await key.wrap(new Uint8Array(32), {}, controller).catch((thrown) => thrown);
      console.log(JSON.stringify([error.code, process.getActiveResourcesInfo().filter((one) => one === 'Timeout')]));
      throttling.closeAllConnections();
      throttling.close();`);
    expect(JSON.parse(shown)).toEqual(['ABORTED', []]);
  });
});

/** Runs the lines in a process of its own; it fails unless that ends by itself. */
async function run(lines: string): Promise<string> {
  const script = `
    import { once } from 'node:events';
    import { createServer } from 'node:http';
    import { createRequire } from 'node:module';
    import { createAwsKey } from '@weightseal/kms-aws';
    const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' };
    const keyAt = (endpoint) => createAwsKey({ keyId: '${key.arn}', clientConfig: { endpoint, credentials } });
    ${lines}`;
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd,
    timeout: 120_000,
  });
  return stdout;
}

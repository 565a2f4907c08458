import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { connectProxy } from '@weightseal/fault-proxy';
import { afterAll, describe, expect, it } from 'vitest';
import { answering, object } from './answering.js';

const server = await answering(object(Buffer.from('0123456789')));
afterAll(() => server[Symbol.asyncDispose]());

describe('a process that uses a bucket', () => {
  it('loads the SDK at the first request', async () => {
    const loaded = `Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('client-s3')).length`;
    const shown = await run(`
      const before = ${loaded};
      await store.stat('object', { signal: new AbortController().signal });
      console.log(JSON.stringify([before, ${loaded} > 0]));`);
    expect(JSON.parse(shown)).toEqual([0, true]);
  });

  it('ends by itself after its requests, with the connections still open', async () => {
    const shown = await run(`
      await store.stat('object', { signal: new AbortController().signal });
      console.log('done');`);
    expect(shown).toBe('done\n');
  });

  it('asks nobody over http on another machine, also where the environment names the endpoint', async () => {
    const shown = await run(
      `
      const other = createS3Store({ bucket: 'models', region: 'us-east-1', pathStyle: true, credentials });
      const error = await other.stat('object', { signal: new AbortController().signal }).catch((thrown) => thrown);
      console.log(error.code);`,
      { AWS_ENDPOINT_URL_S3: 'http://192.0.2.1:9000' },
    );
    expect(shown).toBe('INVALID_ARGUMENT\n');
  });

  it('is told that no region is known', async () => {
    const shown = await run(
      `
      const other = createS3Store({ bucket: 'models', endpoint: '${server.url}', credentials });
      const error = await other.stat('object', { signal: new AbortController().signal }).catch((thrown) => thrown);
      console.log(error.code, /AWS_REGION/.test(error.message));`,
      {
        AWS_REGION: undefined,
        AWS_DEFAULT_REGION: undefined,
        AWS_CONFIG_FILE: '/dev/null',
        AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      },
    );
    expect(shown).toBe('INVALID_ARGUMENT true\n');
  });

  it('goes through the proxy that is named, by CONNECT, and not around it', async () => {
    await using proxy = await connectProxy();
    const shown = await run(`
      const [major, minor] = process.versions.node.split('.').map(Number);
      if (major === 22 && minor < 21) console.log('STORE_UNAVAILABLE');
      else {
        const other = createS3Store({ bucket: 'models', endpoint: 'https://s3.example.com', region: 'us-east-1', proxy: '${proxy.url}', credentials });
        const error = await other.stat('object', { signal: new AbortController().signal }).catch((thrown) => thrown);
        console.log(error.code);
      }`);
    expect(shown).toBe('STORE_UNAVAILABLE\n');
    if (proxy.asked.length > 0) expect(proxy.asked[0]).toBe('models.s3.example.com:443');
  });
});

/** Runs the lines in a process of its own; it fails unless that ends by itself. */
async function run(lines: string, more: NodeJS.ProcessEnv = {}): Promise<string> {
  const script = `
    import { createRequire } from 'node:module';
    import { createS3Store } from '@weightseal/store-s3';
    const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' };
    const store = createS3Store({ bucket: 'models', endpoint: '${server.url}', region: 'us-east-1', pathStyle: true, credentials });
    ${lines}`;
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd,
    timeout: 120_000,
    env: { ...process.env, ...more },
  });
  return stdout;
}

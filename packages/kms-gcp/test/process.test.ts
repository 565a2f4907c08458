import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { GrpcServer } from './fake-grpc.js';
import { FakeKms } from './fake-kms.js';
import { RestServer } from './fake-rest.js';
import { TOKEN } from './keys.js';

const kms = new FakeKms();
const grpc = await GrpcServer.start(kms);
const rest = await RestServer.start(kms, TOKEN);
const silentGrpc = await GrpcServer.start(kms);
const silentRest = await RestServer.start(kms, TOKEN);
silentGrpc.silent = true;
silentRest.silent = true;
afterAll(() => Promise.all([grpc, rest, silentGrpc, silentRest].map((one) => one[Symbol.asyncDispose]())));

/** Where nobody has credentials: programs of Google that are installed here write into it. */
const home = mkdtempSync(join(tmpdir(), 'weightseal-gcp-home-'));
afterAll(() => rmSync(home, { recursive: true }));

const { name } = kms.key();
const restAddress = ({ url }: RestServer) => url.slice('http://'.length);
const DATA_KEY = Buffer.from(Array.from({ length: 32 }, (_, i) => 100 + i));
/** How JSON shows a Buffer and a Uint8Array, and how REST sends bytes. */
const SPELLINGS = [
  DATA_KEY.join(','),
  JSON.stringify(Uint8Array.from(DATA_KEY)).slice(1, -1),
  DATA_KEY.toString('base64').slice(0, 32),
  DATA_KEY.toString('hex'),
];

describe.each([
  ['grpc', grpc.address, silentGrpc.address],
  ['rest', restAddress(rest), restAddress(silentRest)],
])('a process that uses a Cloud KMS key over %s', (transport, address, silent) => {
  it('ends by itself after its calls, with the connection still open', async () => {
    const { stdout } = await run(`
      const key = ${transport}('${address}');
      await key.unwrap(await key.wrap(dataKey, {}), {});
      console.log('done');`);
    expect(stdout).toBe('done\n');
  });

  it('is kept alive by nothing once a call is aborted, or its deadline has come', async () => {
    const { stdout } = await run(`
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 50);
      const [key, hurried] = [${transport}('${silent}', { deadlineMs: 60_000 }), ${transport}('${silent}', { deadlineMs: 300 })];
      const calls = await Promise.allSettled([key.wrap(dataKey, {}, controller), hurried.wrap(dataKey, {})]);
      console.log(calls.map(({ reason }) => reason.code).join());`);
    expect(stdout).toBe('ABORTED,KEY_TIMEOUT\n');
  });

  it('writes no data key to the log of the SDK', async () => {
    const { stdout, stderr } = await run(
      `const key = ${transport}('${address}');
      await key.unwrap(await key.wrap(dataKey, {}), {});
      console.log('done');`,
      { GOOGLE_SDK_NODE_LOGGING: 'all' },
    );
    expect(stdout).toContain('done\n');
    const log = `${stdout}${stderr}`.replace(/\s/g, '');
    for (const spelling of SPELLINGS) expect(log.includes(spelling)).toBe(false);
    // The switch is on: this is what the SDK would have done.
    const { stderr: loud } = await run(
      `const { KeyManagementServiceClient } = await import('@google-cloud/kms');
      const client = new KeyManagementServiceClient(clientOptions('${transport}', '${address}'));
      await client.encrypt({ name: '${name}', plaintext: dataKey });`,
      { GOOGLE_SDK_NODE_LOGGING: 'all' },
    );
    expect(SPELLINGS.some((spelling) => loud.replace(/\s/g, '').includes(spelling))).toBe(true);
  });

  it('survives that there are no credentials, and looks for them anew at the next call', async () => {
    const { stdout } = await run(
      `const { mkdtempSync, rmSync, writeFileSync } = process.getBuiltinModule('node:fs');
      const { generateKeyPairSync } = process.getBuiltinModule('node:crypto');
      const key = createGcpKey({ name: '${name}', transport: '${transport}', deadlineMs: 60_000, clientOptions: { apiEndpoint: '127.0.0.1', port: 9 } });
      const code = () => key.wrap(dataKey, {}).then(() => '', (error) => error.code);
      const first = await code();
      const directory = mkdtempSync('${tmpdir()}/weightseal-gcp-');
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const account = { type: 'service_account', client_email: 'a@example.com', private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
      writeFileSync(directory + '/account.json', JSON.stringify(account), { mode: 0o600 });
      process.env.GOOGLE_APPLICATION_CREDENTIALS = directory + '/account.json';
      const second = await code();
      rmSync(directory, { recursive: true });
      console.log(first, second);`,
      { METADATA_SERVER_DETECTION: 'none', HOME: home, CLOUDSDK_CONFIG: home },
    );
    // With credentials it gets as far as the port where nobody listens.
    expect(stdout).toBe('KEY_DENIED KEY_UNAVAILABLE\n');
  });
});

it('a process loads the SDK at the first call', async () => {
  const loaded = `Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('google')).length`;
  const { stdout } = await run(
    `const key = createGcpKey({ name: '${name}', clientOptions: clientOptions('grpc', '${grpc.address}', false) });
    const before = ${loaded};
    await key.wrap(dataKey, {}).catch(() => {});
    console.log(before, ${loaded} > 0);`,
    { METADATA_SERVER_DETECTION: 'none' },
    false,
  );
  expect(stdout).toBe('0 true\n');
});

/** Runs the lines in a process of its own; it fails unless that ends by itself, without an unhandled rejection. */
async function run(
  lines: string,
  env: Record<string, string> = {},
  gax = true,
): Promise<{ stdout: string; stderr: string }> {
  const script = `
    import { createRequire } from 'node:module';
    import { createGcpKey } from '@weightseal/kms-gcp';
    const gax = ${gax ? `createRequire(import.meta.url)('google-gax')` : 'undefined'};
    const dataKey = Uint8Array.from({ length: 32 }, (_, i) => 100 + i);
    function clientOptions(transport, address, insecure = true) {
      const [apiEndpoint, port] = address.split(':');
      const authClient = gax && new gax.googleAuthLibrary.OAuth2Client();
      authClient?.setCredentials({ access_token: '${TOKEN}' });
      return {
        apiEndpoint, port: Number(port),
        ...(gax && { authClient, sslCreds: gax.grpc.credentials.createInsecure() }),
        ...(transport === 'rest' && { fallback: true, protocol: 'http' }),
      };
    }
    const keyOver = (transport) => (address, options) =>
      createGcpKey({ name: '${name}', transport, clientOptions: clientOptions(transport, address), ...options });
    const [grpc, rest] = [keyOver('grpc'), keyOver('rest')];
    ${lines}`;
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  return promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd,
    timeout: 120_000,
    env: { ...process.env, ...env },
  });
}

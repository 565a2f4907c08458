import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { goInstall } from './install.mjs';
import { listens } from './server.mjs';

const version = 'v1.7.0';
const port = 7070;
const run = promisify(execFile);
const keyOf = (name) => [
  '--access',
  `${name}-access-key`,
  '--secret',
  `${name}-secret-access-key-of-a-test-run`,
];

async function certificate(directory) {
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(directory, name));
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  await run('openssl', ['req', ...kind, ...names, '-keyout', key, '-out', cert]);
  return { key, cert };
}

export default {
  name: 'versitygw',
  provider: 'store-s3',
  also: ['stores'],
  version,
  programs: [goInstall('github.com/versity/versitygw/cmd/versitygw', version)],
  /** Over TLS, unlike the others. */
  async start([versitygw], servers) {
    const url = `https://127.0.0.1:${port}`;
    const [data, users] = ['data', 'users'].map((name) => join(servers.directory, name));
    for (const directory of [data, users]) mkdirSync(directory);
    const { key, cert } = await certificate(servers.directory);
    const own = keyOf('weightseal');
    const listening = ['--port', `127.0.0.1:${port}`, '--cert', cert, '--key', key];
    await servers.launch(versitygw, [...own, ...listening, '--iam-dir', users, 'posix', data], {
      ready: listens(port),
    });
    // Somebody who may do nothing.
    const create = ['create-user', ...keyOf('nobody'), '--role', 'user'];
    await run(versitygw, ['admin', ...own, '--endpoint-url', url, '--allow-insecure', ...create]);
    return { WEIGHTSEAL_EMULATOR_VERSITYGW: url, NODE_EXTRA_CA_CERTS: cert };
  },
};

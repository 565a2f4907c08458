import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { goInstall } from './install.mjs';
import { answers } from './server.mjs';

const version = 'v1.7.0';
const port = 7070;
const keyOf = (name) => [
  '--access',
  `${name}-access-key`,
  '--secret',
  `${name}-secret-access-key-of-a-test-run`,
];

export default {
  name: 'versitygw',
  provider: 'store-s3',
  also: ['stores'],
  version,
  programs: [goInstall('github.com/versity/versitygw/cmd/versitygw', version)],
  async start([versitygw], servers) {
    const url = `http://127.0.0.1:${port}`;
    const [data, users] = ['data', 'users'].map((name) => join(servers.directory, name));
    for (const directory of [data, users]) mkdirSync(directory);
    const own = keyOf('weightseal');
    await servers.launch(
      versitygw,
      [...own, '--port', `127.0.0.1:${port}`, '--iam-dir', users, 'posix', data],
      { ready: answers(url) },
    );
    // Somebody who may do nothing.
    const create = ['create-user', ...keyOf('nobody'), '--role', 'user'];
    await promisify(execFile)(versitygw, ['admin', ...own, '--endpoint-url', url, ...create]);
    return { WEIGHTSEAL_EMULATOR_VERSITYGW: url };
  },
};

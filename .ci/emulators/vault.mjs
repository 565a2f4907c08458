import { onPath } from './install.mjs';
import { answers } from './server.mjs';

const port = 8200;
const token = 'weightseal-root';

export default {
  name: 'vault',
  provider: 'kms-vault',
  version: 'as found',
  programs: [onPath('bao', 'vault')],
  async start([vault], servers) {
    const url = `http://127.0.0.1:${port}`;
    const dev = ['server', '-dev', '-dev-no-store-token', `-dev-root-token-id=${token}`];
    const env = { HOME: servers.directory };
    const ready = answers(`${url}/v1/sys/health`);
    await servers.launch(vault, [...dev, `-dev-listen-address=127.0.0.1:${port}`], { env, ready });
    return { WEIGHTSEAL_EMULATOR_VAULT: url, VAULT_TOKEN: token };
  },
};

import { pip } from './install.mjs';
import { answers } from './server.mjs';

const version = '0.8.0';
const port = 9030;

export default {
  name: 'drongo',
  provider: 'kms-gcp',
  version,
  programs: [pip('drongo', version, 'drongo', '', ['google-crc32c==1.9.0'])],
  async start([drongo], servers) {
    const url = `http://127.0.0.1:${port}`;
    await servers.launch(drongo, ['server', '--host', '127.0.0.1', '--port', String(port)], {
      ready: answers(url),
    });
    return { WEIGHTSEAL_EMULATOR_DRONGO: url };
  },
};

import { pip } from './install.mjs';
import { answers } from './server.mjs';

const version = '5.2.5';
const port = 5511;

export default {
  name: 'moto',
  provider: 'kms-aws',
  also: ['store-s3', 'storage-audit', 'stores', 'cli'],
  version,
  programs: [pip('moto', version, 'moto_server', '[server]')],
  async start([moto], servers) {
    const url = `http://127.0.0.1:${port}`;
    await servers.launch(moto, ['-H', '127.0.0.1', '-p', String(port)], { ready: answers(url) });
    return { WEIGHTSEAL_EMULATOR_MOTO: url };
  },
};

import { pip } from './install.mjs';
import { answers } from './server.mjs';

const version = '2026.7.19';
const port = 9023;

export default {
  name: 'gcp-storage-emulator',
  provider: 'store-gcs',
  also: ['storage-audit'],
  version,
  programs: [pip('gcp-storage-emulator', version, 'gcp-storage-emulator')],
  async start([server], servers) {
    const url = `http://127.0.0.1:${port}`;
    const args = ['start', '--host=127.0.0.1', `--port=${port}`, '--in-memory'];
    await servers.launch(server, args, { ready: answers(url) });
    return { WEIGHTSEAL_EMULATOR_GCP_STORAGE_EMULATOR: url };
  },
};

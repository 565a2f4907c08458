import { npm } from './install.mjs';
import { listens } from './server.mjs';

const version = '3.37.0';
const port = 10000;

export default {
  name: 'azurite',
  provider: 'store-azure',
  also: ['stores'],
  version,
  programs: [npm('azurite', version, 'azurite-blob')],
  async start([azurite], servers) {
    const where = ['--blobHost', '127.0.0.1', '--blobPort', String(port)];
    const how = ['--inMemoryPersistence', '--silent', '--disableTelemetry', '--skipApiVersionCheck'];
    await servers.launch(azurite, [...where, ...how], { ready: listens(port) });
    return { WEIGHTSEAL_EMULATOR_AZURITE: `http://127.0.0.1:${port}/devstoreaccount1` };
  },
};

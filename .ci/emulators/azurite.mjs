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
    // Longer than any pause between two tests: a connection that ends meanwhile is core's to try again, which is not tested here.
    const patient = ['--blobKeepAliveTimeout', '600'];
    await servers.launch(azurite, [...where, ...how, ...patient], { ready: listens(port) });
    return { WEIGHTSEAL_EMULATOR_AZURITE: `http://127.0.0.1:${port}/devstoreaccount1` };
  },
};

import { goInstall } from './install.mjs';
import { listens } from './server.mjs';

const version = 'v0.0.1';
const port = 9010;

export default {
  name: 'fake-cloud-kms',
  provider: 'kms-gcp',
  version,
  programs: [goInstall('github.com/winor30/fake-cloud-kms/cmd/fake-cloud-kms', version)],
  async start([kms], servers) {
    const address = `127.0.0.1:${port}`;
    await servers.launch(kms, ['--grpc-listen-addr', address], { ready: listens(port) });
    return { WEIGHTSEAL_EMULATOR_FAKE_CLOUD_KMS: address };
  },
};

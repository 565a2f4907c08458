import { goInstall } from './install.mjs';
import { answers, listens } from './server.mjs';

const version = 'v0.3.0';
const [grpc, rest] = [9090, 8080];

export default {
  name: 'gcp-kms-emulator',
  provider: 'kms-gcp',
  version,
  programs: [goInstall('github.com/blackwell-systems/gcp-kms-emulator/cmd/server-dual', version)],
  // It listens on all interfaces; in the namespace there is the loopback only.
  async start([server], servers) {
    const url = `http://127.0.0.1:${rest}`;
    const both = async () => (await listens(grpc)()) && (await answers(url)());
    const ports = ['--grpc-port', String(grpc), '--http-port', String(rest)];
    await servers.launch(server, ports, { ready: both });
    return {
      WEIGHTSEAL_EMULATOR_GCP_KMS_EMULATOR: `127.0.0.1:${grpc}`,
      WEIGHTSEAL_EMULATOR_GCP_KMS_EMULATOR_REST: url,
    };
  },
};

import { pip } from './install.mjs';
import { answers } from './server.mjs';

const version = '1.5.33';
const port = 4577;

export default {
  name: 'ministack',
  provider: 'kms-aws',
  version,
  // Asymmetric keys need a package that it does not ask for.
  programs: [pip('ministack', version, 'ministack', '', ['cryptography==50.0.2'])],
  async start([ministack], servers) {
    const url = `http://127.0.0.1:${port}`;
    const env = { GATEWAY_PORT: String(port) };
    await servers.launch(ministack, [], { env, ready: answers(url) });
    return { WEIGHTSEAL_EMULATOR_MINISTACK: url };
  },
};

import { goInstall } from './install.mjs';
import { answers } from './server.mjs';

const version = 'v2.6.0';
const port = 4566;

export default {
  name: 'cloudemu',
  provider: 'kms-aws',
  version,
  programs: [goInstall('github.com/stackshy/cloudemu/v2/cmd/cloudemu', version)],
  async start([cloudemu], servers) {
    const url = `http://127.0.0.1:${port}`;
    const where = ['--host', '127.0.0.1', '--aws-port', String(port)];
    await servers.launch(cloudemu, ['serve', '--providers', 'aws', ...where], { ready: answers(url) });
    return { WEIGHTSEAL_EMULATOR_CLOUDEMU: url };
  },
};

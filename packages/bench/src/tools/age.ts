import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execute } from '../process.ts';
import { cacheFolder, type Peer, type PeerFactory } from './peer.ts';
import { has } from './system.ts';

const VERSION = 'v1.3.2';

export const age: PeerFactory = async (cache, scratch) => {
  const folder = cacheFolder(cache, `age-${VERSION}`);
  if (!existsSync(join(folder, 'age-keygen'))) await install(folder);
  const binary = join(folder, 'age');
  const identity = scratch('age.key');
  await execute([join(folder, 'age-keygen'), '-o', identity]);
  const { stdout } = await execute([join(folder, 'age-keygen'), '-y', identity], { capture: true });
  const peer: Peer = {
    label: 'age',
    seal: (input, output) => ({
      label: 'age -r',
      output,
      argv: [binary, '-r', stdout.trim(), '-o', output, input],
    }),
    open: (input, output) => ({
      label: 'age -d',
      output,
      argv: [binary, '-d', '-i', identity, '-o', output, input],
    }),
  };
  return [peer];
};

async function install(folder: string): Promise<void> {
  if (!(await has('go'))) throw new Error('there is no go to build it with');
  const packages = ['age', 'age-keygen'].map((name) => `filippo.io/age/cmd/${name}@${VERSION}`);
  await execute(['go', 'install', ...packages], { env: { GOBIN: folder } });
}

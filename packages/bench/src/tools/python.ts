import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute } from '../process.ts';
import { MIB } from '../sizes.ts';
import { cacheFolder, type PeerFactory, SCRIPTS } from './peer.ts';
import { has } from './system.ts';

const VERSION = '50.0.2';

/** The usual ten lines of Python: the whole file in memory, one AES-GCM call, a SHA-256. */
export const python: PeerFactory = async (cache) => {
  const folder = cacheFolder(cache, `cryptography-${VERSION}`);
  if (!existsSync(join(folder, 'installed'))) await install(folder);
  const argv = (...args: readonly string[]) => [
    join(folder, 'bin', 'python'),
    join(SCRIPTS, 'whole_file.py'),
    ...args,
  ];
  return [
    {
      label: 'Python, whole file',
      // `cryptography` takes at most 2^31 - 1 bytes a call.
      limit: 2047 * MIB,
      memory: (bytes) => 2 * bytes,
      seal: (input, output) => ({
        label: 'Python, whole file, encrypt',
        output,
        argv: argv('encrypt', input, output),
      }),
      open: (input, output) => ({
        label: 'Python, whole file, decrypt',
        output,
        argv: argv('decrypt', input, output),
      }),
    },
  ];
};

async function install(folder: string): Promise<void> {
  if (!(await has('python3'))) throw new Error('there is no python3');
  await execute(['python3', '-m', 'venv', '--clear', folder]);
  const pip = [
    join(folder, 'bin', 'python'),
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
  ];
  await execute([...pip, '--only-binary', ':all:', `cryptography==${VERSION}`]);
  writeFileSync(join(folder, 'installed'), '');
}

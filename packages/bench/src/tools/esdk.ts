import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute } from '../process.ts';
import { KIB, MIB } from '../sizes.ts';
import { cacheFolder, type Peer, type PeerFactory, SCRIPTS } from './peer.ts';
import { has } from './system.ts';

const VERSION = '5.0.2';
const PACKAGES = ['@aws-crypto/client-node', '@aws-crypto/raw-aes-keyring-node'] as const;

/** The AWS Encryption SDK for JavaScript: with frames of 1 MiB, and with those of 4 KiB that it makes unless told. */
export const esdk: PeerFactory = async (cache) => {
  const folder = cacheFolder(cache, `aws-encryption-sdk-${VERSION}`);
  if (!existsSync(join(folder, 'installed'))) await install(folder);
  return [peer('1 MiB frames', MIB, folder), peer('4 KiB frames', 4 * KIB, folder)];
};

function peer(frames: string, frameLength: number, folder: string): Peer {
  const label = `AWS Encryption SDK, ${frames}`;
  const argv = (...args: readonly string[]) => [
    process.execPath,
    join(SCRIPTS, 'aws-encryption-sdk.mjs'),
    folder,
    ...args,
  ];
  return {
    label,
    seal: (input, output) => ({
      label: `${label}, encrypt`,
      output,
      argv: argv('encrypt', input, output, `${frameLength}`),
    }),
    open: (input, output) => ({ label: `${label}, decrypt`, output, argv: argv('decrypt', input, output) }),
  };
}

async function install(folder: string): Promise<void> {
  if (!(await has('npm'))) throw new Error('there is no npm to install it with');
  const dependencies = Object.fromEntries(PACKAGES.map((name) => [name, VERSION]));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  await execute(['npm', 'install', ...quiet], { cwd: folder });
  writeFileSync(join(folder, 'installed'), '');
}

// The versions of Node that we support, as the npm registry has them.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

export const VERSIONS = ['22', '24', '26'];
const cache = join(import.meta.dirname, '..', 'node_modules', '.cache');

/** @returns the path of that Node */
export function installNode(version) {
  const prefix = join(cache, `node-${version}`);
  mkdirSync(prefix, { recursive: true });
  const windows = process.platform === 'win32';
  const name = `node-${windows ? 'win' : process.platform}-${process.arch}`;
  execFileSync('npm', ['install', '--no-save', '--silent', '--prefix', prefix, `${name}@${version}`], {
    stdio: 'inherit',
  });
  return join(prefix, 'node_modules', name, 'bin', windows ? 'node.exe' : 'node');
}

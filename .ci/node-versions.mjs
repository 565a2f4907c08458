// Node of any version, from the npm registry.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Installs the newest of a major version, and returns the directory that `node` is in. */
export function installNode(version) {
  const prefix = join(process.cwd(), 'node_modules', '.cache', `node-${version}`);
  mkdirSync(prefix, { recursive: true });
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  execFileSync('npm', ['install', '--no-save', '--silent', '--prefix', prefix, `${name}@${version}`], {
    stdio: 'inherit',
  });
  return join(prefix, 'node_modules', name, 'bin');
}

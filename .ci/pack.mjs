// Makes of every package the tarball that npm would publish: npx pnpm@12 pack:all DIRECTORY
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** @returns of each its name, version, tarball and the paths in that */
export function pack(directory) {
  mkdirSync(directory, { recursive: true });
  const names = readdirSync('packages')
    .map((name) => JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8')))
    .filter((manifest) => !manifest.private)
    .map(({ name }) => name);
  const args = names.flatMap((name) => ['--filter', name]);
  const told = execFileSync('pnpm', ['-r', ...args, 'pack', '--json', '--pack-destination', directory]);
  return JSON.parse(told).map(({ name, version, filename, files }) => ({
    name,
    version,
    tarball: filename,
    paths: files.map(({ path }) => path),
  }));
}

if (import.meta.main) {
  const [directory] = process.argv.slice(2);
  if (!directory) {
    console.error('usage: npx pnpm@12 pack:all DIRECTORY');
    process.exit(2);
  }
  for (const { tarball } of pack(resolve(directory))) console.log(tarball);
}

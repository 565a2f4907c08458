// The licenses of what is in the program: of each package, of which a file was bundled, and of Node.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

function packageOf(file) {
  for (let directory = dirname(file); directory !== dirname(directory); directory = dirname(directory)) {
    try {
      const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
      // Some have a package.json in a folder, which says no more than `type`.
      if (manifest.name && manifest.version) return { directory, manifest };
    } catch {}
  }
  throw new Error(`${file} is of no package`);
}

function textOf(directory) {
  const files = readdirSync(directory).filter((name) => /^(licen[cs]e|notice|copying)/i.test(name));
  return files.map((name) => readFileSync(join(directory, name), 'utf8').trim()).join('\n\n');
}

export function licenses(inputs, node) {
  const packages = new Map();
  for (const file of inputs) {
    if (!file.includes('node_modules')) continue;
    const { directory, manifest } = packageOf(file);
    packages.set(`${manifest.name} ${manifest.version}`, {
      directory,
      license: manifest.license ?? 'see below',
    });
  }
  const parts = [...packages]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { directory, license }]) => `${name}\n${license}\n\n${textOf(directory)}`);
  const own = `weightseal\n\n${textOf(join(import.meta.dirname, '..', '..'))}`;
  return [own, `Node.js\n\n${textOf(join(dirname(node), '..'))}`, ...parts].join(`\n\n${'='.repeat(80)}\n\n`);
}

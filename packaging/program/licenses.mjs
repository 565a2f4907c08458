// The licenses of what is in the program: of each package, of which a file was bundled, and of Node.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** By its path: packages have further files of the name package.json in folders of their own. */
function packageOf(file) {
  const [directory] = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file);
  return { directory, manifest: JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) };
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
    const { name, version, license, author } = manifest;
    const by = typeof author === 'object' ? author.name : author;
    packages.set(`${name} ${version}`, {
      directory,
      license: [license, by && `by ${by}`].filter(Boolean).join(', '),
    });
  }
  const parts = [...packages]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { directory, license }]) => `${name}\n${license}\n\n${textOf(directory)}`);
  const own = `weightseal\n\n${textOf(join(import.meta.dirname, '..', '..'))}`;
  return [own, `Node.js\n\n${textOf(join(dirname(node), '..'))}`, ...parts].join(`\n\n${'='.repeat(80)}\n\n`);
}

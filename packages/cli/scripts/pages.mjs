// Puts the guides into the package, for `weightseal help`: all that are about use, by short names.
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const docs = join(import.meta.dirname, '..', '..', '..', 'docs');
const dist = join(import.meta.dirname, '..', 'dist', 'docs');

/** Figures and pictures of measurements, which a terminal does not show. */
const LEFT_OUT = ['performance.md'];
/** What would say too little without its folder. */
const NAMES = {
  'providers/README.md': 'providers',
  'providers/own.md': 'own-provider',
  'stores/README.md': 'stores',
  'stores/own.md': 'own-store',
};
/** `weightseal help store-s3`, since `help azure` is of keys. */
const nameOf = (path) =>
  NAMES[path] ?? `${path.startsWith('stores/') ? 'store-' : ''}${basename(path, '.md')}`;

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const guides = globSync(['*.md', 'providers/*.md', 'stores/*.md'], { cwd: docs }).filter(
  (path) => !LEFT_OUT.includes(path),
);
for (const path of guides) {
  const name = nameOf(path);
  // Comments are for the site and for CI.
  const text = readFileSync(join(docs, path), 'utf8').replaceAll(/^<!--[\s\S]*?-->\n+/gm, '');
  // Two of one name fail.
  writeFileSync(join(dist, `${name}.md`), text, { flag: 'wx' });
}

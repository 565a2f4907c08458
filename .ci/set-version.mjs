// A manifest says by which version it was made: that of the packages, after `changeset version`.
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = 'packages/core/src/common/version.ts';
const LINE = /(?<=^export const VERSION = ')[^']+(?=';$)/m;

export function versionInSource() {
  const [version] = LINE.exec(readFileSync(FILE, 'utf8')) ?? [];
  if (!version) throw new Error(`${FILE} exports no VERSION`);
  return version;
}

if (import.meta.main) {
  const { version } = JSON.parse(readFileSync('packages/core/package.json', 'utf8'));
  versionInSource();
  writeFileSync(FILE, readFileSync(FILE, 'utf8').replace(LINE, version));
  console.log(`${FILE}: ${version}`);
}

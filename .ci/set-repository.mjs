// Where the repository is, written into every package: npm makes links of the README's relative ones by it, and provenance needs it.
//   npx pnpm@12 set-repository https://…/weightseal
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [given] = process.argv.slice(2);
const url = URL.parse(given ?? '');
if (url?.protocol !== 'https:' || url.search || url.hash) {
  console.error('usage: npx pnpm@12 set-repository https://HOST/OWNER/NAME');
  process.exit(2);
}
const home = url.href.replace(/(?:\.git)?\/*$/, '');

/** After `license`, where npm's own documentation has it. */
function withRepository(manifest, directory) {
  const { repository: _, homepage: __, bugs: ___, ...rest } = manifest;
  const entries = Object.entries(rest);
  const at = entries.findIndex(([name]) => name === 'license') + 1;
  const repository = { type: 'git', url: `git+${home}.git`, ...(directory && { directory }) };
  const readme = directory ? `${home}/tree/HEAD/${directory}#readme` : `${home}#readme`;
  entries.splice(at, 0, ['homepage', readme], ['bugs', `${home}/issues`], ['repository', repository]);
  return Object.fromEntries(entries);
}

for (const directory of ['', ...readdirSync('packages').map((name) => `packages/${name}`)]) {
  const path = join(directory, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  if (directory && manifest.private) continue;
  writeFileSync(path, `${JSON.stringify(withRepository(manifest, directory), undefined, 2)}\n`);
}
console.log(`${home} is the repository of every package`);

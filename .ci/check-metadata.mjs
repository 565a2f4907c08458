// What people see of a package on npm: what it is, where it comes from, and links that lead somewhere.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { versionInSource } from './set-version.mjs';

const problems = [];
const root = JSON.parse(readFileSync('package.json', 'utf8'));
const versions = new Set();

for (const name of readdirSync('packages')) {
  const directory = `packages/${name}`;
  const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  if (manifest.private) continue;
  const say = (problem) => problems.push(`${directory}: ${problem}`);
  versions.add(manifest.version);
  if (!manifest.description) say('no description');
  if (!manifest.keywords?.includes('weightseal')) say('no keywords, or weightseal is none of them');
  if (manifest.license !== root.license) say(`not under ${root.license}`);
  if (manifest.publishConfig?.access !== 'public') say('publishConfig.access is not public');
  for (const file of ['dist', 'README.md', 'CHANGELOG.md'])
    if (!manifest.files.includes(file)) say(`${file} would not be published`);
  const { url, directory: within } = manifest.repository ?? {};
  if (url !== root.repository?.url || (url && within !== directory))
    say('another repository than the workspace; `npx pnpm@12 set-repository URL` writes it everywhere');
  const readme = readFileSync(join(directory, 'README.md'), 'utf8');
  for (const [, target] of readme.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g))
    if (!existsSync(join(directory, target))) say(`README.md links to ${target}, which is not there`);
}
if (!versions.has(versionInSource()))
  problems.push('core exports another VERSION: `node .ci/set-version.mjs` writes it');
if (versions.size !== 1) problems.push(`versions differ: ${[...versions].join(', ')}`);

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log('packages: described, of one version, with links that lead somewhere');

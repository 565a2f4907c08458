// A project outside the workspace that has our packages as npm would publish them.
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execute } from './tools.mjs';

const PACKAGES = ['core', 'kms-local', 'loader'];
const PROGRAM = resolve('.ci', 'bundlers');

async function pack(name, folder) {
  const args = ['--yes', 'pnpm@12', '--silent', 'pack', '--json', '--pack-destination', folder];
  const said = await execute('npx', args, { cwd: resolve('packages', name) });
  return JSON.parse(said.slice(said.indexOf('{'))).filename;
}

/** Copies the program that the rows run. */
export function copyProgram(to) {
  for (const file of ['app.mjs', 'main.mjs']) cpSync(join(PROGRAM, file), join(to, file));
}

/**
 * `root` is everything, to be removed; `project` has node_modules and the program; `tarballs` are our packages. What is bundled goes to folders under `root`, from
 * where no node_modules is found.
 */
export async function makeProject() {
  const root = mkdtempSync(join(tmpdir(), 'weightseal-bundlers-'));
  const project = join(root, 'project');
  mkdirSync(project);
  const tarballs = {};
  for (const name of PACKAGES) tarballs[`@weightseal/${name}`] = await pack(name, root);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
  await execute('npm', ['install', ...quiet, ...Object.values(tarballs)], { cwd: project });
  copyProgram(project);
  return { root, project, tarballs };
}

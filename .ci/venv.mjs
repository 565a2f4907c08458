// A virtual environment of Python for tests, with pinned packages, in node_modules/.cache; and vitest beside it.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

/** Ends this process where the command fails. */
function run(name, command, args, env = {}) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  if (status === 0) return;
  console.error(`${name}: ${[command, ...args].join(' ')}: ${error?.message ?? `status ${status}`}`);
  process.exit(status || 1);
}

/** The folder of its programs. Installed once for each list of requirements: the marker holds the list, and is written when all of it is there. */
export function venv(name, requirements) {
  const folder = resolve('node_modules', '.cache', `venv-${name}`);
  const bin = join(folder, 'bin');
  const marker = join(folder, '.installed');
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return bin;
  rmSync(folder, { recursive: true, force: true });
  run(name, 'python3', ['-m', 'venv', folder]);
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:'];
  run(name, join(bin, 'pip'), ['install', ...quiet, '--requirement', requirements]);
  writeFileSync(marker, wanted);
  return bin;
}

/** Runs the vitest project of that name, with what the command line gives it. */
export function vitestProject(name, env) {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  run(name, process.execPath, [vitest, 'run', '--project', name, ...process.argv.slice(2)], env);
}

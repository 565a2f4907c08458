// Tests sealed models in inference engines that others wrote: installs those for Python, at pinned versions, into
// node_modules/.cache/venv-engines, and runs the vitest project `engines`. Those for Node came with the workspace.
//   node .ci/engines.mjs [arguments of vitest …]
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const VENV = resolve('node_modules', '.cache', 'venv-engines');
const REQUIREMENTS = 'packages/loader/test-engines/requirements.txt';

function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  if (status === 0) return;
  console.error(`engines: ${[command, ...args].join(' ')}: ${error?.message ?? `status ${status}`}`);
  process.exit(status || 1);
}

/** Once for each list of requirements: the marker holds the list, and is written when all of it is there. */
function install() {
  const marker = join(VENV, '.installed');
  const wanted = readFileSync(REQUIREMENTS, 'utf8');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  rmSync(VENV, { recursive: true, force: true });
  run('python3', ['-m', 'venv', VENV]);
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:'];
  run(join(VENV, 'bin', 'pip'), ['install', ...quiet, '--requirement', REQUIREMENTS]);
  writeFileSync(marker, wanted);
}

install();
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
run(process.execPath, [vitest, 'run', '--project', 'engines', ...process.argv.slice(2)], {
  WEIGHTSEAL_ENGINES_PYTHON: join(VENV, 'bin', 'python'),
});

// Signatures of models, made here and verified by the reference implementation, and the other way: installs that, at pinned versions, into
// node_modules/.cache/venv-model-signing, and runs the vitest project `model-signing`. For keys in a token it takes SoftHSM, where that is there or can be installed.
//   node .ci/model-signing.mjs [arguments of vitest …]
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { debian, Missing } from './emulators/install.mjs';

const VENV = resolve('node_modules', '.cache', 'venv-model-signing');
const REQUIREMENTS = 'packages/release/test-model-signing/requirements.txt';

function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  if (status === 0) return;
  console.error(`model-signing: ${[command, ...args].join(' ')}: ${error?.message ?? `status ${status}`}`);
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

/** The tests say what they skip without it. */
function softHsm() {
  try {
    return {
      WEIGHTSEAL_SOFTHSM2: debian('libsofthsm2', 'libsofthsm2.so').install(),
      WEIGHTSEAL_SOFTHSM2_UTIL: debian('softhsm2', 'softhsm2-util').install(),
    };
  } catch (error) {
    if (error instanceof Missing) return {};
    throw error;
  }
}

install();
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
run(process.execPath, [vitest, 'run', '--project', 'model-signing', ...process.argv.slice(2)], {
  ...softHsm(),
  WEIGHTSEAL_MODEL_SIGNING: join(VENV, 'bin', 'model_signing'),
});

// Tests the providers against servers that others wrote: installs those at pinned versions from the registries, starts them where nothing
// outside can be reached, and prints one line for each.
//   node .ci/test-emulators.mjs [--available] [name of an emulator or a provider …]
// Fails when a server is missing. With --available, those that could not be installed are listed and passed over.
// WEIGHTSEAL_EMULATORS names a folder of programs that are there already; it is looked into before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isSound, told } from './emulators/cases.mjs';
import { locate, Missing } from './emulators/install.mjs';
import { chosen } from './emulators/table.mjs';

const { values: options, positionals } = parseArgs({
  options: { available: { type: 'boolean', default: false } },
  allowPositionals: true,
});

function installed(emulator) {
  try {
    return { emulator, programs: emulator.programs.map(locate) };
  } catch (error) {
    if (error instanceof Missing) return { emulator, missing: error.message };
    throw error;
  }
}

/** Network and mounts of its own: nothing listens outside, every port is free, and /etc/hosts can name servers. */
function namespace() {
  const kinds = [
    ['--net', '--mount'],
    ['--user', '--map-root-user', '--net', '--mount'],
  ];
  const permitted = kinds.find((kind) => spawnSync('unshare', [...kind, 'true']).status === 0);
  if (permitted) return permitted;
  console.error(`The servers run in a network namespace of their own. That needs Linux with unshare and ip, and root or
permitted user namespaces: sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns.`);
  process.exit(1);
}

/** The outcomes, in the order of what is ready. */
async function runAll(ready) {
  const scratch = mkdtempSync(join(tmpdir(), 'weightseal-plan-'));
  const file = join(scratch, 'plan.json');
  try {
    const plan = ready.map(({ emulator, programs }) => ({ name: emulator.name, programs }));
    writeFileSync(file, JSON.stringify(plan));
    const inside = [process.execPath, '.ci/emulators/inside.mjs', file];
    const child = spawn('unshare', [...namespace(), '--', ...inside], { stdio: 'inherit' });
    // It stops the servers then, and ends.
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error('The run was ended early.');
    return JSON.parse(readFileSync(file, 'utf8'));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

const all = chosen(positionals).map(installed);
const ready = all.filter(({ missing }) => missing === undefined);
const ran = new Map((await runAll(ready)).map((outcome, i) => [ready[i].emulator, outcome]));
const outcomes = all.map(({ emulator, missing }) => ran.get(emulator) ?? { missing });
for (const [i, outcome] of outcomes.entries()) console.log(told(all[i].emulator, outcome));
process.exit(isSound(outcomes, options) ? 0 : 1);

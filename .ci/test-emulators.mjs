// Tests the providers against servers that others wrote: installs those at pinned versions from the registries, starts them where nothing
// outside can be reached, and prints one line for each.
//   node .ci/test-emulators.mjs [--available] [name of an emulator or a provider, or `example` …]
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
import { chosen, EXAMPLE, EXAMPLES } from './emulators/table.mjs';

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

/** The first of a cloud's emulators that can be had; where none can, the last, which says why. */
function firstInstalled(emulators) {
  const tried = emulators.map(installed);
  return tried.find(({ missing }) => missing === undefined) ?? tried.at(-1);
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

/** What to start, for inside.mjs. */
function planned({ emulator, programs }) {
  return { name: emulator.name, programs };
}

/** The outcomes of the plan, in its order. */
async function runAll(plan) {
  const scratch = mkdtempSync(join(tmpdir(), 'weightseal-plan-'));
  const file = join(scratch, 'plan.json');
  try {
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
const shown = (positionals.length === 0 || positionals.includes(EXAMPLE) ? EXAMPLES : []).map(
  ({ folder, needs }) => {
    const servers = needs.map(firstInstalled).filter(({ missing }) => missing === undefined);
    return { folder, servers: servers.map(planned), needed: needs.length };
  },
);
const { tests, examples } = await runAll({ tests: ready.map(planned), examples: shown });
const ran = new Map(tests.map((outcome, i) => [ready[i].emulator, outcome]));
const outcomes = all.map(({ emulator, missing }) => ran.get(emulator) ?? { missing });
for (const [i, outcome] of outcomes.entries()) console.log(told(all[i].emulator, outcome));
for (const [i, { folder, servers, needed }] of shown.entries())
  console.log(`${folder}: ${examples[i].failed ?? `ran with ${servers.length} of ${needed} servers`}`);
const sound = examples.every(
  ({ failed }, i) =>
    failed === undefined && (options.available || shown[i].servers.length === shown[i].needed),
);
process.exit((all.length === 0 || isSound(outcomes, options)) && sound ? 0 : 1);

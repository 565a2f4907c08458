// Runs in the namespace: starts each emulator in turn, tests its provider against it, and stops it.
// node inside.mjs <file with the plan>; writes the outcomes into that file.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { countCases } from './cases.mjs';
import { Servers } from './server.mjs';
import { EMULATORS } from './table.mjs';

const [planFile] = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), 'weightseal-emulators-'));
const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stopped.abort(new Error(signal)));

/** Only the loopback, and names of servers that lead to it. */
function settle(emulators) {
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  const hosts = join(scratch, 'hosts');
  const names = emulators.flatMap(({ hosts = [] }) => hosts);
  writeFileSync(hosts, ['localhost', ...names].map((name) => `127.0.0.1 ${name}\n`).join(''));
  execFileSync('mount', ['--bind', hosts, '/etc/hosts']);
}

/** Without what belongs to other emulators, and without proxies: nothing outside can be reached, they neither. */
function cleanEnvironment() {
  const kept = ([name]) => !/^WEIGHTSEAL_EMULATOR_|^(https?|grpc|all)_proxy$/i.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(kept));
}

async function test({ provider, also = [] }, environment, directory) {
  const report = join(directory, 'report.json');
  const vitest = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--project',
    'emulators',
    ...[provider, ...also].map((folder) => `packages/${folder}/`),
  ];
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [...vitest, ...reporters], {
    env: { ...cleanEnvironment(), ...environment },
    maxBuffer: 2 ** 28,
    signal: stopped.signal,
  }).catch((error) => error);
  stopped.signal.throwIfAborted();
  // Without any test file there is no report either.
  const counts = existsSync(report)
    ? countCases(JSON.parse(readFileSync(report, 'utf8')))
    : { passed: 0, failed: 0, skipped: 0 };
  if (counts.failed > 0 || counts.passed === 0) process.stderr.write(`${stdout}${stderr}`);
  return counts;
}

async function outcomeOf(emulator, programs) {
  const directory = mkdtempSync(join(scratch, `${emulator.name}-`));
  const servers = new Servers(directory);
  try {
    const { broken, environment } = await emulator.start(programs, servers).then(
      (variables) => ({ environment: variables }),
      (error) => ({ broken: error.message }),
    );
    if (broken !== undefined) return { broken };
    return { counts: await test(emulator, environment, directory) };
  } finally {
    await servers.stop();
  }
}

/** Runs an example with a server for each that it needs and that there is. */
async function show({ folder, servers: plan }) {
  const directory = mkdtempSync(join(scratch, 'example-'));
  const servers = new Servers(directory);
  try {
    const started = plan.map(({ name, programs }) => named(name).start(programs, servers));
    const environment = Object.assign({}, ...(await Promise.all(started)));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--disable-sigusr1', join(folder, 'start.ts')],
      {
        env: { ...cleanEnvironment(), ...environment },
        signal: stopped.signal,
      },
    );
    process.stdout.write(stdout);
    return {};
  } catch (error) {
    stopped.signal.throwIfAborted();
    return { failed: `${error.message}\n${error.stdout ?? ''}${error.stderr ?? ''}` };
  } finally {
    await servers.stop();
  }
}

function named(name) {
  return EMULATORS.find((one) => one.name === name);
}

try {
  const plan = JSON.parse(readFileSync(planFile, 'utf8'));
  const all = [...plan.tests, ...plan.examples.flatMap((example) => example.servers)];
  settle(all.map(({ name }) => named(name)));
  const tests = [];
  for (const { name, programs } of plan.tests) {
    stopped.signal.throwIfAborted();
    tests.push(await outcomeOf(named(name), programs));
  }
  const examples = [];
  for (const example of plan.examples) examples.push(await show(example));
  writeFileSync(planFile, JSON.stringify({ tests, examples }));
} finally {
  rmSync(scratch, { recursive: true });
}

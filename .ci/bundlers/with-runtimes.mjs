// Runs the program as it is, where something else than Node alone loads it.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyProgram } from './project.mjs';
import { execute, fileOf, programOf } from './tools.mjs';

const TEST = `import { report } from './app.mjs';
test('the program', async () => {
  process.stderr.write('REPORT' + (await report()) + '\\n');
}, 60_000);
`;

/** Yarn keeps packages in archives, and nothing but its own loader finds a file in them. */
async function plugAndPlay({ tools, project, tarballs, out }) {
  mkdirSync(out);
  const dependencies = Object.fromEntries(
    Object.entries(tarballs).map(([name, file]) => [name, `file:${file}`]),
  );
  const others = { 'signal-exit': `file:${join(project, 'node_modules', 'signal-exit')}` };
  const manifest = { name: 'app', type: 'module', dependencies, resolutions: { ...dependencies, ...others } };
  writeFileSync(join(out, 'package.json'), JSON.stringify(manifest));
  writeFileSync(
    join(out, '.yarnrc.yml'),
    'nodeLinker: pnp\nenableGlobalCache: false\nenableScripts: false\nenableTelemetry: false\n',
  );
  writeFileSync(join(out, 'yarn.lock'), '');
  copyProgram(out);
  const yarn = (...args) =>
    execute(process.execPath, [fileOf(tools, '@yarnpkg', 'cli-dist', 'bin', 'yarn.js'), ...args], {
      cwd: out,
      env: { YARN_ENABLE_IMMUTABLE_INSTALLS: 'false', YARN_GLOBAL_FOLDER: join(out, 'yarn') },
    });
  await yarn('install');
  return yarn('node', 'main.mjs');
}

/** Jest runs a test in a realm of its own. */
async function jest({ tools, project, out }, environment) {
  cpSync(project, out, { recursive: true });
  const testEnvironment = fileOf(tools, `jest-environment-${environment}`);
  writeFileSync(join(out, 'app.test.mjs'), TEST);
  writeFileSync(
    join(out, 'jest.config.json'),
    JSON.stringify({ testMatch: ['**/*.test.mjs'], testEnvironment }),
  );
  const args = [
    '--experimental-vm-modules',
    fileOf(tools, 'jest', 'bin', 'jest.js'),
    '--watchman=false',
    '--rootDir',
    out,
  ];
  // Jest prints on standard error; the shell gives it to us as output.
  const said = await execute('sh', ['-c', '"$@" 2>&1', 'sh', process.execPath, ...args], { cwd: out });
  return (
    said
      .split('\n')
      .find((line) => line.startsWith('REPORT'))
      ?.slice('REPORT'.length) ?? said
  );
}

async function deno({ tools, project, out }) {
  const args = ['run', '--allow-all', '--no-lock', '--node-modules-dir=manual', 'main.mjs'];
  return execute(programOf(tools, 'deno', 'deno'), args, {
    cwd: project,
    env: { DENO_DIR: out, DENO_NO_UPDATE_CHECK: '1' },
  });
}

async function bun({ tools, project }) {
  return execute(programOf(tools, 'bun', 'bin', 'bun'), ['main.mjs'], {
    cwd: project,
    env: { DO_NOT_TRACK: '1' },
  });
}

export const runtimes = [
  { name: "Yarn Plug'n'Play", group: 'yarn', threads: 'text', run: plugAndPlay },
  { name: 'Jest', group: 'jest', threads: 'file', run: (folders) => jest(folders, 'node') },
  { name: 'Jest, jsdom', group: 'jest', threads: 'file', run: (folders) => jest(folders, 'jsdom') },
  { name: 'Deno', group: 'deno', threads: 'none', run: deno },
  { name: 'Bun', group: 'bun', threads: 'file', run: bun },
];

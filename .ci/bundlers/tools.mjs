// The bundlers and runtimes: from the npm registry, at pinned versions, into node_modules/.cache/bundlers. A second run finds them there. No install
// script runs.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const CACHE = resolve('node_modules', '.cache', 'bundlers');
/** One call of a tool. A build by Next.js takes the longest. */
const PATIENCE_MS = 120_000;

const ofMachine = {
  'linux-x64': { deno: 'linux-x64-glibc', bun: 'bun-linux-x64-baseline' },
  'linux-arm64': { deno: 'linux-arm64-glibc', bun: 'bun-linux-aarch64' },
  'darwin-arm64': { deno: 'darwin-arm64', bun: 'bun-darwin-aarch64' },
}[`${process.platform}-${process.arch}`];

/** What is installed together. docs/bundling.md names these versions; bundlers/table.test.mjs holds the two together. */
export const GROUPS = {
  bundlers: {
    esbuild: '0.28.2',
    webpack: '5.113.0',
    rollup: '4.68.8',
    '@rollup/plugin-node-resolve': '16.0.3',
    vite: '8.3.8',
    tsup: '9.0.0',
    typescript: '5.9.3',
    '@vercel/ncc': '0.45.0',
    postject: '1.0.0-alpha.6',
  },
  next: { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' },
  yarn: { '@yarnpkg/cli-dist': '4.18.1' },
  jest: { jest: '30.5.2', 'jest-environment-jsdom': '30.5.2' },
  deno: { [`@deno/${ofMachine?.deno}`]: '2.9.6' },
  bun: { [`@oven/${ofMachine?.bun}`]: '1.4.5' },
};

/** Said to the user: what could not be installed, and why. */
export class Missing extends Error {}

/** Runs a program to its end, and gives what it printed. */
export function execute(command, args, { cwd, env } = {}) {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...process.env, ...env }, timeout: PATIENCE_MS, maxBuffer: 64 * 1_048_576 };
    execFile(command, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const said = `${stdout}${stderr}`.trim().split('\n').slice(-12).join('\n');
      reject(
        new Error(
          `${command} ${args.slice(0, 3).join(' ')}: ${error.killed ? 'took too long' : said || error.message}`,
        ),
      );
    });
  });
}

/** The folder of a group, installed. @throws Missing */
export async function installed(group) {
  const directory = join(CACHE, group);
  const marker = join(directory, '.installed');
  const wanted = JSON.stringify(GROUPS[group]);
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return directory;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    join(directory, 'package.json'),
    JSON.stringify({ private: true, dependencies: GROUPS[group] }),
  );
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  await execute('npm', ['install', ...quiet], { cwd: directory }).catch((error) => {
    throw new Missing(error.message.replace(/\s+/g, ' '));
  });
  writeFileSync(marker, wanted);
  return directory;
}

/** A file of an installed package. */
export function fileOf(directory, ...path) {
  return join(directory, 'node_modules', ...path);
}

/** The only package of a group that holds a program of this machine. */
export function programOf(directory, group, ...path) {
  return fileOf(directory, Object.keys(GROUPS[group])[0], ...path);
}

/** What an installed package exports. */
export function imported(directory, name) {
  const require = createRequire(join(directory, 'package.json'));
  return import(pathToFileURL(require.resolve(name)).href);
}

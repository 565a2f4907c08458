// Proves the direction of imports: a layer of @weightseal/core knows only the layers under it, providers know only core, core has no
// runtime dependency, and nothing imports what its package.json does not list. No file but a test has more than 300 lines.
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';

/** The layers of core, from the bottom up, by the folder under src. */
const LAYERS = ['common', 'format', 'keys', 'io', 'engine', 'file', 'bundle'];
/** What every layer may use, and knows of none. */
const COMMON = 'errors.ts';
const ENTRIES = ['index.ts', 'worker.ts'];
/** Which packages of ours each package may import. Everything that is not named here may import core only. */
const PROVIDERS = ['kms-aws', 'kms-azure', 'kms-gcp', 'kms-local', 'kms-pkcs11', 'kms-vault'];
const ALLOWED = {
  core: [],
  keys: ['core', ...PROVIDERS],
  config: ['core', 'keys'],
  loader: ['core'],
  cli: ['core', 'kms-local', 'keys', 'config', 'loader'],
  bench: ['core', 'kms-local', 'loader'],
};

/** What is written here and published by nobody; what is made, or installed, lies beside it. */
const WORKSPACE = [
  '.ci',
  'examples',
  'packages/*/scripts',
  'packages/bench',
  'packaging',
  'site',
  'site/.vitepress',
];
const SOURCES = [
  '*.ts',
  ...WORKSPACE.map((directory) => `${directory}/**/*.{css,js,mjs,sh,ts,vue}`),
  '.ci/run',
];
const MADE = ['node_modules', 'dist', 'generated', '.cache', '.temp', '.turbo', 'cache'];

const problems = [];

function sources(directory) {
  return readdirSync(directory, { recursive: true })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(directory, file));
}

function importsOf(file) {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^\s*(?:import|export)\b[^;]*?from '([^']+)'|\bimport\('([^']+)'\)/gm)].map(
    (m) => m[1] ?? m[2],
  );
}

function layerOf(src, file) {
  const [top] = relative(src, file).split('/');
  return top === COMMON ? 0 : LAYERS.indexOf(top);
}

function checkRelative(name, src, file, target) {
  const to = resolve(dirname(file), target.replace(/\.js$/, '.ts'));
  if (name !== 'core' || ENTRIES.includes(relative(src, file))) return;
  if (layerOf(src, to) > layerOf(src, file))
    problems.push(`${relative('.', file)} imports ${target}, a layer above its own`);
}

/** `import` evaluates all that a module of Node offers, down to its streams: up to 5 ms at every start (cli/src/builtins.ts, core/src/io/sync-fs.ts). */
function checkStart(name, file, text) {
  if (
    ['core', 'kms-local'].includes(name) &&
    /^import (?!type\b)[^;]*? from 'node:(?:fs|crypto|stream)'/m.test(text)
  )
    problems.push(
      `${relative('.', file)} imports node:fs, node:crypto or node:stream, which costs the start: take it from sync-fs.ts, node:fs/promises, crypto.ts`,
    );
  if (name === 'cli' && /^import (?!type\b)[^;]*? from 'node:/m.test(text))
    problems.push(
      `${relative('.', file)} imports a module of Node, which costs the start: take it from builtins.ts`,
    );
}

function checkPackage(name, manifest, file, target) {
  const bare = target.startsWith('@') ? target.split('/').slice(0, 2).join('/') : target.split('/')[0];
  const listed = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.devDependencies };
  if (!(bare in listed))
    problems.push(`${relative('.', file)} imports ${bare}, which its package.json does not list`);
  const ours = bare.match(/^@weightseal\/(.+)$/)?.[1];
  if (ours && !(ALLOWED[name] ?? ['core']).includes(ours))
    problems.push(`${relative('.', file)} may not import ${bare}`);
}

function checkLength(file, text) {
  const lines = text.split('\n').length;
  if (lines > 300) problems.push(`${file} has ${lines} lines, more than 300`);
}

for (const name of readdirSync('packages')) {
  const manifest = JSON.parse(readFileSync(join('packages', name, 'package.json'), 'utf8'));
  const src = resolve('packages', name, 'src');
  if (name === 'core' && manifest.dependencies) problems.push('core has runtime dependencies');
  for (const file of sources(src)) {
    for (const target of importsOf(file)) {
      if (target.startsWith('.')) checkRelative(name, src, file, target);
      else if (!target.startsWith('node:')) {
        if (builtinModules.includes(target))
          problems.push(`${relative('.', file)} imports ${target} without node:`);
        else checkPackage(name, manifest, file, target);
      }
    }
    const text = readFileSync(file, 'utf8');
    checkStart(name, file, text);
    checkLength(relative('.', file), text);
  }
}
const others = globSync(SOURCES, { exclude: (path) => MADE.includes(basename(path)) });
if (others.length < 100) throw new Error(`Of the workspace's own sources only ${others.length} were found.`);
for (const file of others) checkLength(file, readFileSync(file, 'utf8'));

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(
  'imports: every layer knows only the layers under it, and core has no runtime dependency; no file is over 300 lines',
);

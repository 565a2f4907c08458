// Proves the direction of imports: a layer of @weightseal/core knows only the layers under it, providers know only core, core has no
// runtime dependency, and nothing, tests, examples, packaging and site among it, imports what its package.json does not list. No file but a test has
// more than 300 lines.
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';

/** The layers of core, from the bottom up, by the folder under src. */
const LAYERS = ['common', 'format', 'keys', 'release', 'io', 'store', 'engine', 'file', 'bundle', 'stored'];
/** What every layer may use, and knows of none. */
const COMMON = 'errors.ts';
const ENTRIES = ['index.ts', 'worker.ts'];
/** Which packages of ours each package may import. Everything that is not named here may import core only. */
const PROVIDERS = readdirSync('packages').filter((name) => /^kms-(?!contract$)/.test(name));
const STORES = readdirSync('packages').filter((name) => /^store-(?!contract$)/.test(name));
const ALLOWED = {
  core: [],
  keys: ['core', ...PROVIDERS],
  stores: ['core', 'keys', ...STORES],
  config: ['core', 'keys', 'release', 'stores'],
  loader: ['core'],
  transit: ['core'],
  'store-http': ['core', 'transit'],
  serve: ['core', 'transit'],
  pull: ['core', 'release', 'store-http', 'stores'],
  cli: [
    'core',
    'kms-local',
    'keys',
    'config',
    'stores',
    'loader',
    'pull',
    'release',
    'transit',
    'serve',
    'storage-audit',
    // Who asks a cloud's management, as its store does.
    'store-gcs',
    'store-azure',
  ],
  bench: ['core', 'kms-local', 'loader', 'stores', 'store-s3'],
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

/** What is not published, and imports too. */
const BESIDE = ['packages/*/{test*,scripts}', 'packages/bench', 'examples', 'packaging', 'site', '.ci'];
/** They are bundled where what they import is installed: .ci/bundlers.mjs, packaging/program/build.mjs. */
const BUNDLED = [/^\.ci\/bundlers\/app\.mjs$/, /^packaging\/program\/(?:no-pkcs11|parts|read-module)\.js$/];

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

/** Statements at the beginning of a line: what is indented may be a text that a test writes down. */
function namesIn(text) {
  const statements = text.matchAll(
    /^(?:import|export)\b[^;'"]*?\bfrom '([^']+)'|^import '([^']+)'|^(?:const|let)\b.*\bawait import\('([^']+)'\)/gm,
  );
  return [...statements].map((m) => m[1] ?? m[2] ?? m[3]).filter((name) => !name.startsWith('.'));
}

/** Tests and scripts may also import what the workspace itself lists. */
function checkBeside(file, workspace) {
  if (BUNDLED.some((one) => one.test(file))) return;
  let directory = dirname(file);
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory);
  const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const { name: own, dependencies, peerDependencies, optionalDependencies, devDependencies } = manifest;
  const listed = {
    ...dependencies,
    ...peerDependencies,
    ...optionalDependencies,
    ...devDependencies,
    ...workspace,
    [own]: '',
  };
  for (const target of namesIn(readFileSync(file, 'utf8'))) {
    if (target.startsWith('node:')) continue;
    const bare = target
      .split('/')
      .slice(0, target.startsWith('@') ? 2 : 1)
      .join('/');
    if (builtinModules.includes(target)) problems.push(`${file} imports ${target} without node:`);
    else if (!Object.hasOwn(listed, bare))
      problems.push(`${file} imports ${bare}, which ${join(directory, 'package.json')} does not list`);
  }
}

/** What Yarn's Plug'n'Play gives for a FileHandle cannot be disposed of: core/src/io/closing.ts. */
function checkHandles(file, text) {
  if (/await using \w+(?:: \w+)? = await open\([^)]/.test(text))
    problems.push(`${file} disposes of a FileHandle: close it with closing(), for Yarn's Plug'n'Play`);
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
    checkHandles(relative('.', file), text);
    checkLength(relative('.', file), text);
  }
}
const { devDependencies: ofWorkspace } = JSON.parse(readFileSync('package.json', 'utf8'));
const beside = globSync(
  BESIDE.map((directory) => `${directory}/**/*.{js,mjs,ts,vue}`),
  { exclude: (path) => MADE.includes(basename(path)) },
);
if (beside.length < 300) throw new Error(`Of tests, examples and scripts only ${beside.length} were found.`);
for (const file of beside) checkBeside(file, ofWorkspace);
const others = globSync(SOURCES, { exclude: (path) => MADE.includes(basename(path)) });
if (others.length < 100) throw new Error(`Of the workspace's own sources only ${others.length} were found.`);
for (const file of others) checkLength(file, readFileSync(file, 'utf8'));

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(
  'imports: every layer knows only the layers under it, and core has no runtime dependency; no file is over 300 lines',
);

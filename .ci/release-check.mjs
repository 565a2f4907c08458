// What a new user does with what would be published: packs every package, installs the tarballs by npm into an empty project outside
// of the workspace, and runs the quickstart there on each Node that we support. With --release also what only a release must have.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { installNode, VERSIONS } from './node-binaries.mjs';
import { pack } from './pack.mjs';

const isRelease = process.argv.includes('--release');
const quickstart = resolve('examples/quickstart');
const directory = mkdtempSync(join(tmpdir(), 'weightseal-release-'));
const project = join(directory, 'project');

const root = JSON.parse(readFileSync('package.json', 'utf8'));
if (isRelease && !root.repository)
  throw new Error('No package says where the repository is: `npx pnpm@12 set-repository URL`');

function packed() {
  const packages = pack(directory);
  for (const { name, version, paths } of packages) {
    const must = ['LICENSE', 'README.md', 'package.json', ...(isRelease ? ['CHANGELOG.md'] : [])];
    for (const file of must) if (!paths.includes(file)) throw new Error(`${name} has no ${file}`);
    for (const path of paths)
      if (!must.includes(path) && !/^dist\/|^CHANGELOG\.md$/.test(path))
        throw new Error(`${name} publishes ${path}`);
    if (isRelease && version === '0.0.0')
      throw new Error(`${name} has no version: \`npx pnpm@12 version:packages\``);
  }
  return packages;
}

function install(packages) {
  mkdirSync(project);
  const { dependencies } = JSON.parse(readFileSync(join(quickstart, 'package.json'), 'utf8'));
  const ours = Object.fromEntries(packages.map(({ name, tarball }) => [name, `file:${tarball}`]));
  const manifest = {
    name: 'new-user',
    private: true,
    type: 'module',
    dependencies: { ...dependencies, ...ours },
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  // No package of ours needs an install script.
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ['install', ...options], { cwd: project, stdio: 'inherit' });
  for (const { name } of packages)
    if (existsSync(join(project, 'node_modules', name, 'node_modules', '@weightseal')))
      throw new Error(`${name} got packages of ours from elsewhere`);
  for (const file of ['quickstart.ts', 'classify.ts', 'digits.onnx', 'digits-samples.json'])
    cpSync(join(quickstart, file), join(project, file));
}

function tryOn(version, packages) {
  const node = installNode(version);
  const { NODE_OPTIONS: _, ...rest } = process.env;
  const env = {
    ...rest,
    HOME: directory,
    PATH: [join(project, 'node_modules', '.bin'), dirname(node), rest.PATH].join(delimiter),
  };
  const run = (file, ...args) => execFileSync(file, args, { cwd: project, env, encoding: 'utf8' });
  console.log(`\n== Node ${run(node, '--version').trim()}`);
  const names = packages.filter(({ name }) => name.startsWith('@')).map(({ name }) => name);
  run(node, '--input-type=module', '-e', names.map((name) => `await import('${name}');`).join('\n'));
  console.log(run(node, 'quickstart.ts'));
  if (run('weightseal', '--version').trim() !== packages[0].version)
    throw new Error('weightseal says another version');
  run('weightseal', 'keygen', `model-${version}.key`);
  const key = ['--key', `local:model-${version}.key`];
  run('weightseal', 'seal', 'digits.onnx', '-o', `${version}.sealed`, ...key, '--context', 'model=digits');
  run(
    'weightseal',
    'open',
    `${version}.sealed`,
    '-o',
    `${version}.onnx`,
    ...key,
    '--context',
    'model=digits',
  );
  if (!readFileSync(join(project, `${version}.onnx`)).equals(readFileSync(join(project, 'digits.onnx'))))
    throw new Error('weightseal opened other bytes');
}

try {
  const packages = packed();
  for (const { tarball } of packages) console.log(basename(tarball));
  install(packages);
  for (const version of VERSIONS) tryOn(version, packages);
  console.log(`${packages.length} packages work as installed on Node ${VERSIONS.join(', ')}`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

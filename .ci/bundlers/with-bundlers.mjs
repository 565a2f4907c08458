// Bundles the program, and runs what came out of it in a folder that has nothing else.
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute, fileOf, imported } from './tools.mjs';

const { execPath } = process;

/** Each `bundle` gets the folders `tools`, `project` and `out`, and gives the file to run. */
function row(name, tool, threads, bundle) {
  const run = async (folders) => {
    mkdirSync(folders.out);
    const file = await bundle(folders);
    return execute(execPath, [file], { cwd: folders.out });
  };
  return { name, group: 'bundlers', tool, threads, run };
}

async function esbuild({ tools, project, out }, format, extension) {
  const file = join(out, `app.${extension}`);
  const args = [
    'main.mjs',
    '--bundle',
    '--platform=node',
    `--format=${format}`,
    `--outfile=${file}`,
    '--log-level=error',
  ];
  await execute(execPath, [fileOf(tools, 'esbuild', 'bin', 'esbuild'), ...args], { cwd: project });
  return file;
}

async function webpack({ tools, project, out }, asModule) {
  const { default: make } = await imported(tools, 'webpack');
  const filename = asModule ? 'app.mjs' : 'app.cjs';
  const compiler = make({
    mode: 'production',
    target: 'node22',
    context: project,
    entry: './main.mjs',
    output: { path: out, filename, module: asModule, ...(asModule && { chunkFormat: 'module' }) },
    experiments: { outputModule: asModule },
  });
  const stats = await new Promise((resolve, reject) =>
    compiler.run((error, result) => (error ? reject(error) : resolve(result))),
  );
  if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));
  return join(out, filename);
}

async function rollup({ tools, project, out }) {
  const { rollup: start } = await imported(tools, 'rollup');
  const { nodeResolve } = await imported(tools, '@rollup/plugin-node-resolve');
  const bundle = await start({
    input: join(project, 'main.mjs'),
    plugins: [nodeResolve({ preferBuiltins: true })],
    onLog() {},
  });
  await bundle.write({ dir: out, format: 'es', entryFileNames: 'app.mjs' });
  return join(out, 'app.mjs');
}

async function vite({ tools, project, out }) {
  const { build } = await imported(tools, 'vite');
  await build({
    root: project,
    logLevel: 'error',
    configFile: false,
    ssr: { noExternal: true },
    build: {
      ssr: 'main.mjs',
      outDir: out,
      emptyOutDir: false,
      rollupOptions: { output: { entryFileNames: 'app.mjs' } },
    },
  });
  return join(out, 'app.mjs');
}

async function tsup({ tools, project, out }) {
  const { build } = await imported(tools, 'tsup');
  // It leaves dependencies out, unless it is told to take them in.
  const all = { noExternal: [/./], config: false, silent: true };
  await build({ ...all, entry: [join(project, 'main.mjs')], format: 'esm', platform: 'node', outDir: out });
  writeFileSync(join(out, 'package.json'), '{"type":"module"}');
  return join(out, 'main.js');
}

async function ncc({ tools, project, out }) {
  const cli = fileOf(tools, '@vercel', 'ncc', 'dist', 'ncc', 'cli.js');
  await execute(execPath, [cli, 'build', 'main.mjs', '--out', out, '--quiet'], { cwd: project });
  return join(out, 'index.mjs');
}

/** Node's own way: the program in CommonJS, injected into a copy of Node. */
async function singleExecutable({ tools, project, out }) {
  mkdirSync(out);
  const [blob, configuration, program] = ['app.blob', 'sea.json', 'app'].map((name) => join(out, name));
  const main = await esbuild({ tools, project, out }, 'cjs', 'cjs');
  writeFileSync(configuration, JSON.stringify({ main, output: blob, disableExperimentalSEAWarning: true }));
  await execute(execPath, ['--experimental-sea-config', configuration], { cwd: out });
  copyFileSync(execPath, program);
  chmodSync(program, 0o755);
  const fuse = ['--sentinel-fuse', 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'];
  const apple = process.platform === 'darwin' ? ['--macho-segment-name', 'NODE_SEA'] : [];
  const postject = fileOf(tools, 'postject', 'dist', 'cli.js');
  await execute(execPath, [postject, program, 'NODE_SEA_BLOB', blob, ...fuse, ...apple]);
  if (process.platform === 'darwin') await execute('codesign', ['--sign', '-', program]);
  return execute(program, [], { cwd: out });
}

export const bundlers = [
  row('esbuild, ES module', 'esbuild', 'text', (folders) => esbuild(folders, 'esm', 'mjs')),
  row('esbuild, CommonJS', 'esbuild', 'text', (folders) => esbuild(folders, 'cjs', 'cjs')),
  row('webpack, ES module', 'webpack', 'text', (folders) => webpack(folders, true)),
  row('webpack, CommonJS', 'webpack', 'text', (folders) => webpack(folders, false)),
  row('Rollup', 'rollup', 'text', rollup),
  row('Vite, SSR', 'vite', 'text', vite),
  row('tsup', 'tsup', 'text', tsup),
  row('ncc', '@vercel/ncc', 'file', ncc),
  {
    name: 'Node.js single executable',
    group: 'bundlers',
    tool: 'node',
    threads: 'text',
    run: singleExecutable,
  },
];

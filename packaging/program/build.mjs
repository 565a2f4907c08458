// Makes weightseal one executable file, for machines without Node: packaging/program/dist/weightseal. It is for
// the architecture of this machine, and made of the Node that the npm registry has for it.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'postject';
import { installNode } from '../../.ci/node-binaries.mjs';
import { bundleProgram } from './bundle.mjs';
import { licenses } from './licenses.mjs';

/** Not 26: that one needs libatomic, which the slim images of most distributions lack. */
const NODE = '24.21.0';
/** By which this Node knows that there is something in it; it stands in Node's documentation of single executables. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

// On macOS the file would have to be signed anew, and on Windows the loader differs: nobody has tried.
if (process.platform !== 'linux') throw new Error('The program is made on Linux, for Linux.');

const here = import.meta.dirname;
const dist = join(here, 'dist');
const work = join(here, '..', '..', 'node_modules', '.cache', 'program');
for (const directory of [dist, work]) {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
}
const program = join(dist, 'weightseal');
const node = installNode(NODE);
const { main, parts, guides, inputs } = await bundleProgram();

function put(name, text) {
  writeFileSync(join(work, name), text);
  // Relative, since the program keeps it, and it is told with a defect.
  return name;
}

const config = {
  main: put('main.cjs', main.text),
  output: 'blob',
  disableExperimentalSEAWarning: true,
  // Compiled code lies in the program, and is used as it is.
  useCodeCache: true,
  // The debugger is for nobody, and NODE_OPTIONS is meant for other programs.
  execArgv: ['--disable-sigusr1', '--disable-warning=ExperimentalWarning'],
  execArgvExtension: 'none',
  assets: {
    ...guides,
    ...Object.fromEntries(Object.entries(parts).map(([name, { text }]) => [name, put(`${name}.cjs`, text)])),
  },
};
execFileSync(node, ['--experimental-sea-config', put('sea.json', JSON.stringify(config))], {
  cwd: work,
  stdio: 'pipe',
});
copyFileSync(node, program);
chmodSync(program, 0o755);
// Node's symbols are 20 MB that nobody needs here. Before the rest is put in, which strip would take out.
const stripped = process.platform === 'linux' && spawnSync('strip', ['--strip-all', program]).status === 0;
await quietly(() =>
  inject(program, 'NODE_SEA_BLOB', readFileSync(join(work, 'blob')), { sentinelFuse: FUSE }),
);
writeFileSync(join(dist, 'LICENSES.txt'), licenses(inputs, node));
const size = Math.round(statSync(program).size / 1e6);
console.log(
  `packaging/program/dist/weightseal: ${size} MB${stripped ? '' : ', with symbols: there is no strip here'}`,
);

/** postject warns of what strip has taken, on standard output and error. */
async function quietly(work) {
  const { log, warn, error } = console;
  console.log = console.warn = console.error = () => {};
  try {
    await work();
  } finally {
    Object.assign(console, { log, warn, error });
  }
}

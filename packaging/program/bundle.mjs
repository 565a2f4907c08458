// The command line as one CommonJS file, and what it rarely needs as parts beside it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const here = import.meta.dirname;
const packages = join(here, '..', '..', 'packages');
const shared = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node24',
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  // Node's modules by require: an import() needs more of Node's loader than a single executable has.
  supported: { 'dynamic-import': false },
  write: false,
  metafile: true,
  logLevel: 'error',
  outdir: 'out',
};

/** What is loaded when it is used. Its SDKs are 5 MB, which would be parsed at each start. */
export const PARTS = ['kms-aws', 'kms-gcp', 'kms-azure', 'kms-vault'];

async function bundle(entry, options) {
  const { outputFiles, metafile } = await build({ ...shared, entryPoints: [entry], ...options });
  return { text: outputFiles[0].text, inputs: Object.keys(metafile.inputs) };
}

/** Replaces `from`, which must be there once: what is not found has changed, and needs to be thought about again. */
function replaceOnce(file, from, to) {
  const pieces = readFileSync(file, 'utf8').split(from);
  if (pieces.length !== 2)
    throw new Error(`${file} has ${pieces.length - 1} times, instead of once: ${from}`);
  return pieces.join(to);
}

const dist = (name, file = 'index.js') => join(packages, name, 'dist', file);

/** What is found beside a file on a disk, and what a program cannot have, is found otherwise. */
function inOneFile(worker, version) {
  return {
    name: 'in-one-file',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^@weightseal\/kms-/ }, ({ path }) => {
        const name = basename(path);
        if (name === 'kms-pkcs11') return { path: join(here, 'no-pkcs11.js') };
        return PARTS.includes(name) ? { path: name, namespace: 'part' } : undefined;
      });
      onLoad({ filter: /.*/, namespace: 'part' }, ({ path }) => ({
        contents: `import { part } from './parts.js'; module.exports = part('${path}');`,
        resolveDir: here,
      }));
      // Whose specifiers may be resolved from here.
      onResolve({ filter: /^\.\/read-module/ }, () => ({ path: join(here, 'read-module.js') }));
      onLoad({ filter: /core[\\/]dist[\\/]index\.js$/ }, ({ path }) => ({
        contents: replaceOnce(
          path,
          'new URL("./worker.js", import.meta.url)',
          `new URL(${JSON.stringify(`data:text/javascript,${encodeURIComponent(worker)}`)})`,
        ),
      }));
      onLoad({ filter: /cli[\\/]src[\\/]version\.ts$/ }, () => ({
        contents: `export const version = () => ${JSON.stringify(version)};`,
      }));
    },
  };
}

/** @returns the program, its parts by name, and the paths of all files that are in them */
export async function bundleProgram() {
  const { version } = createRequire(import.meta.url)(join(packages, 'cli', 'package.json'));
  const worker = await bundle(dist('core', 'worker.js'), { format: 'esm' });
  // So that these, which are not listed by the workspace's root, are found.
  const nodePaths = [join(packages, 'cli', 'node_modules')];
  const main = await bundle(join(here, 'entry.js'), {
    plugins: [inOneFile(worker.text, version)],
    nodePaths,
  });
  const parts = {};
  for (const name of PARTS) parts[name] = await bundle(dist(name), { external: ['@weightseal/core'] });
  const inputs = [worker, main, ...Object.values(parts)].flatMap((each) => each.inputs);
  return { version, main, parts, inputs: [...new Set(inputs)] };
}

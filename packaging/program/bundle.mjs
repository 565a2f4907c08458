// The command line as one CommonJS file, and what it rarely needs as parts beside it.
import { readdirSync, readFileSync } from 'node:fs';
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
  // Where the program lies. Nothing of ours is beside it.
  define: { 'import.meta.url': 'PROGRAM_URL' },
  banner: { js: "const PROGRAM_URL = require('node:url').pathToFileURL(process.execPath).href;" },
  write: false,
  metafile: true,
  logLevel: 'error',
  outdir: 'out',
};

/** What is loaded when it is used. Its SDKs are 5 MB, which would be parsed at each start. */
export const PARTS = [
  'kms-aws',
  'kms-gcp',
  'kms-azure',
  'kms-vault',
  'store-s3',
  'store-gcs',
  'store-azure',
  'storage-audit',
];

async function bundle(entry, options) {
  const { outputFiles, metafile } = await build({ ...shared, entryPoints: [entry], ...options });
  return { text: outputFiles[0].text, inputs: Object.keys(metafile.inputs) };
}

const dist = (name) => join(packages, name, 'dist', 'index.js');

/** What is otherwise found beside a file, and what a program cannot have. The text of core's threads is in core. */
function inOneFile(version) {
  /** What is replaced is known by the names and texts of other packages' files, which may change: all of it must have been found. */
  const missing = new Set(['kms-pkcs11', ...PARTS, 'pages', 'import() in keys', 'read-module', 'version']);
  const replace = (what, result) => {
    missing.delete(what);
    return result;
  };
  return {
    name: 'in-one-file',
    setup({ onResolve, onLoad, onEnd }) {
      onEnd(() => {
        if (missing.size > 0) throw new Error(`not found, and so not replaced: ${[...missing].join(', ')}`);
      });
      onResolve({ filter: /^@weightseal\/(?:kms-|store-|storage-audit$)/ }, ({ path }) => {
        const name = basename(path);
        if (name === 'kms-pkcs11') return replace(name, { path: join(here, 'no-pkcs11.js') });
        return PARTS.includes(name) ? replace(name, { path: name, namespace: 'part' }) : undefined;
      });
      onLoad({ filter: /.*/, namespace: 'part' }, ({ path }) => ({
        contents: `import { part } from './parts.js'; module.exports = part('${path}');`,
        resolveDir: here,
      }));
      onResolve({ filter: /builtins\.js$/ }, ({ importer }) =>
        /cli[\\/]src[\\/]pages\.ts$/.test(importer)
          ? replace('pages', { path: join(here, 'pages.js') })
          : undefined,
      );
      // Of what is only known when it runs: a provider's file, or package.
      onLoad({ filter: /packages[\\/](?:keys|config)[\\/]dist[\\/].*\.js$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        const contents = text.replaceAll(/\bimport\((?=[\w$.]+\))/g, 'importFromDisk(');
        if (contents === text) return { contents: text };
        const helper = JSON.stringify(join(here, 'from-disk.js'));
        return replace('import() in keys', {
          contents: `import { importFromDisk } from ${helper};\n${contents}`,
        });
      });
      // jiti would look for files beside itself.
      onResolve({ filter: /^\.\/read-module/ }, () =>
        replace('read-module', { path: join(here, 'read-module.js') }),
      );
      onLoad({ filter: /cli[\\/]src[\\/]version\.ts$/ }, () =>
        replace('version', { contents: `export const version = () => ${JSON.stringify(version)};` }),
      );
    },
  };
}

/** @returns the program, its parts by name, and the paths of all files that are in them */
export async function bundleProgram() {
  const { version } = createRequire(import.meta.url)(join(packages, 'cli', 'package.json'));
  // So that these, which are not listed by the workspace's root, are found.
  const nodePaths = [join(packages, 'cli', 'node_modules')];
  const guides = join(packages, 'cli', 'dist', 'docs');
  const names = readdirSync(guides);
  const main = await bundle(join(here, 'entry.js'), {
    plugins: [inOneFile(version)],
    nodePaths,
    // CycloneDX's library looks whether it is there, for XML, which nobody asks of it.
    external: ['xmlbuilder2'],
    // Its lines are in what is told of a defect.
    minifyWhitespace: false,
    define: { ...shared.define, GUIDES: JSON.stringify(names.join(' ')) },
  });
  const parts = {};
  for (const name of PARTS) parts[name] = await bundle(dist(name), { external: ['@weightseal/core'] });
  const inputs = [main, ...Object.values(parts)].flatMap((each) => each.inputs);
  const texts = Object.fromEntries(names.map((name) => [`guide/${name}`, join(guides, name)]));
  return { version, main, parts, guides: texts, inputs: [...new Set(inputs)] };
}

// The command line as two files: dist/bin.js, which Node starts, and dist/main.cjs, a script with what it needs of our packages, so that all of
// it can be kept compiled (src/compiled.ts). Clouds' SDKs and what reads configurations stay packages.
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

const here = join(import.meta.dirname, '..');
const shared = {
  outDir: join(here, 'dist'),
  target: 'node22',
  platform: 'node',
  splitting: false,
  tsconfig: join(here, '..', '..', 'tsconfig.json'),
  config: false,
  silent: true,
};

// What earlier builds have left would be published too.
rmSync(shared.outDir, { recursive: true, force: true });
await build({
  ...shared,
  entry: [join(here, 'src/main.ts')],
  format: 'cjs',
  outExtension: () => ({ js: '.cjs' }),
  noExternal: [
    /^@weightseal\/(?:config|core|keys|kms-local|loader|pull|release|serve|store-http|stores|transit)$/,
  ],
  esbuildOptions: (options) => {
    options.define = { 'import.meta.url': 'FILE_URL' };
    options.banner = { js: "const FILE_URL = require('node:url').pathToFileURL(__filename).href;" };
    // Read at each start. Names stay, for what is told of a defect.
    options.minifyWhitespace = true;
    options.minifySyntax = true;
    options.lineLimit = 160;
    options.legalComments = 'none';
  },
});
// A script, which it is for Node (src/compiled.ts), has no import().
const main = join(shared.outDir, 'main.cjs');
const text = readFileSync(main, 'utf8').replaceAll(/(?<![.\w$])import\(/g, 'importHere(');
writeFileSync(main, text);
const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
await build({
  ...shared,
  entry: [join(here, 'src/bin.ts')],
  format: 'esm',
  esbuildOptions: (options) => {
    options.define = { BUILD: JSON.stringify(hash) };
  },
});

// What these packages look for beside themselves.
const core = dirname(fileURLToPath(import.meta.resolve('@weightseal/core')));
copyFileSync(join(core, 'worker.js'), join(here, 'dist/worker.js'));
// A configuration in TypeScript imports it, wherever that lies (config/src/read-module.ts).
writeFileSync(join(here, 'dist/index.js'), "export * from '@weightseal/config';\n");

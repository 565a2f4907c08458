import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

/** The worker of core is one script that imports nothing, as a file and as a text in the package (core/src/engine/worker-file.ts). */
const hasWorkerText = existsSync('src/engine/worker-file.ts');
const workerText: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'worker-text',
  async setup({ esbuild, initialOptions, onEnd }) {
    const { outputFiles } = await esbuild.build({
      entryPoints: ['src/worker.ts'],
      bundle: true,
      minify: true,
      write: false,
      format: 'iife',
      target: 'node22',
      platform: 'node',
    });
    const [{ text } = { text: '' }] = outputFiles;
    initialOptions.define = { ...initialOptions.define, WORKER_TEXT: JSON.stringify(text) };
    onEnd(() => {
      // On a clean clone this comes before the files of the build itself.
      mkdirSync('dist', { recursive: true });
      writeFileSync('dist/worker.js', text);
    });
  },
};

// One configuration for every package but the command line (packages/cli/scripts/bundle.mjs): the entries are whichever of these files the package
// has. tsc emits the declarations, because tsup's own would need a second, older TypeScript.
export default defineConfig({
  entry: ['src/index.ts', ...(hasWorkerText ? [] : ['src/worker.ts'])].filter((file) => existsSync(file)),
  esbuildPlugins: hasWorkerText ? [workerText] : [],
  format: 'esm',
  target: 'node22',
  platform: 'node',
  // Chunks of earlier builds would be published too.
  clean: true,
  // Read whenever a program starts. Names stay, for stacks; and lines, since Node shows the whole one of an exception that nobody caught.
  esbuildOptions: (options) => {
    options.minifyWhitespace = true;
    options.minifySyntax = true;
    options.lineLimit = 160;
  },
  tsconfig: '../../tsconfig.json',
  onSuccess: 'tsc -p tsconfig.json',
});

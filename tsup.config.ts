import { existsSync, writeFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

/** A program and what it imports are one file each, which share nothing (cli/src/bin.ts). */
const isProgram = existsSync('src/bin.ts');

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
    onEnd(() => writeFileSync('dist/worker.js', text));
  },
};

// One configuration for every package: the entries are whichever of these files the package has. tsc emits the
// declarations, because tsup's own would need a second, older TypeScript.
export default defineConfig({
  entry: ['src/index.ts', ...(hasWorkerText ? [] : ['src/worker.ts']), 'src/bin.ts', 'src/main.ts'].filter(
    (file) => existsSync(file),
  ),
  esbuildPlugins: hasWorkerText ? [workerText] : [],
  splitting: !isProgram,
  external: isProgram ? ['./main.js'] : [],
  format: 'esm',
  target: 'node22',
  platform: 'node',
  // Chunks of earlier builds would be published too.
  clean: true,
  tsconfig: '../../tsconfig.json',
  onSuccess: 'tsc -p tsconfig.json',
});

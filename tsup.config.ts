import { existsSync } from 'node:fs';
import { defineConfig } from 'tsup';

/** A program and what it imports are one file each, which share nothing (cli/src/bin.ts). */
const isProgram = existsSync('src/bin.ts');

// One configuration for every package: the entries are whichever of these files the package has. tsc emits the
// declarations, because tsup's own would need a second, older TypeScript.
export default defineConfig({
  entry: ['src/index.ts', 'src/worker.ts', 'src/bin.ts', 'src/main.ts'].filter((file) => existsSync(file)),
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

#!/usr/bin/env node
import './old-node.js';
import { fileURLToPath, module } from './builtins.js';
import { cacheDirectory } from './cache-directory.js';
import { load } from './compiled.js';
import { early } from './no-debugger.js';

const USAGE = 2;

// By this variable Node keeps nothing, and so nor do we.
const directory = process.env['NODE_DISABLE_COMPILE_CACHE'] ? undefined : cacheDirectory();
if (directory) {
  // Of what is imported: a provider's SDK. Node makes a directory of its own in it.
  const umask = process.umask(0o077);
  // Deno has none.
  module.enableCompileCache?.(directory);
  process.umask(umask);
}
// The command line and what it needs of our packages in one file (scripts/bundle.mjs): to look for a package and read it takes a millisecond each.
const file = fileURLToPath(new URL('./main.cjs', import.meta.url));
const { exports, keep } = load<typeof import('./main.js')>(file, directory, process.argv[2]);

const code = await exports.main(process.argv.slice(2), early);
// Not of a command that there is none of.
if (code !== USAGE) keep();
// When it is done all has been written, and nothing that is still open (stdin, idle threads) is to be waited for.
process.exit(code);

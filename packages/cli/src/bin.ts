#!/usr/bin/env node
import { module } from './builtins.js';
import { cacheDirectory } from './cache-directory.js';
import { early } from './no-debugger.js';

// What is imported from here on comes compiled out of the cache. It is two files, since each further one takes most of a millisecond.
const directory = cacheDirectory();
if (directory) {
  // Node makes a directory of its own in it.
  const umask = process.umask(0o077);
  // Deno has none.
  module.enableCompileCache?.(directory);
  process.umask(umask);
}
const { main } = await import('./main.js');

// When it is done all has been written, and nothing that is still open (stdin, idle threads) is to be waited for.
process.exit(await main(process.argv.slice(2), early));

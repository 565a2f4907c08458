#!/usr/bin/env node
import './no-debugger.js';
import { module } from './builtins.js';
import { cacheDirectory } from './cache-directory.js';
import { restoreEnvironment } from './environment.js';
import { main } from './main.js';

restoreEnvironment();

// This package is one file, since each further one takes a millisecond. The large ones are those of the library: the
// commands import them later, and they then come compiled out of the cache.
const directory = cacheDirectory();
if (directory) {
  // Node makes a directory of its own in it.
  const umask = process.umask(0o077);
  module.enableCompileCache(directory);
  process.umask(umask);
}

// When it is done all has been written, and nothing that is still open (stdin, idle threads) is to be waited for.
process.exit(await main(process.argv.slice(2)));

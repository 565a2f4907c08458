#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { cacheDirectory } from './cache-directory.js';
import { main } from './main.js';

// All that is large is imported later, by the commands, and then comes compiled out of the cache.
const directory = cacheDirectory();
if (directory) enableCompileCache(directory);

// When it is done all has been written, and nothing that is still open (stdin, idle threads) is to be waited for.
process.exit(await main(process.argv.slice(2)));

import { CliError } from './cli-error.js';
import { statOf } from './descriptors.js';
import { checkStdin } from './streams.js';

/** Standard input, for `-`. Node gives out an empty stream for what it cannot read: that would seal nothing, and succeed. */
export function stdin(): NodeJS.ReadStream {
  checkStdin();
  const stat = statOf(0);
  if (stat.isFile() || stat.isFIFO() || stat.isSocket() || stat.isCharacterDevice()) return process.stdin;
  throw new CliError(
    'IO_ERROR',
    'io',
    'Standard input cannot be read: it is a directory or a block device. Give a file, or a pipe.',
  );
}

import { fs } from './builtins.js';
import { CliError } from './cli-error.js';
import { accessMode, isNull } from './descriptors.js';

/**
 * Whether the descriptor was closed when we were started. Node then opens /dev/null there, for reading and writing, as hardly anybody
 * else does: a shell opens it for the one or the other. Where that cannot be seen (it is of Linux), no.
 */
function wasClosed(fd: 0 | 1 | 2): boolean {
  return isNull(fd) && accessMode(fd) === fs.constants.O_RDWR;
}

/** @throws CliError IO_ERROR where what is written to standard output would go nowhere, before any work is done for it */
export function checkStdout(): void {
  if (accessMode(1) === fs.constants.O_RDONLY) throw unusable('Standard output cannot be written to.');
  if (wasClosed(1))
    throw unusable('Standard output is closed (or /dev/null, open for reading too, which looks the same).');
}

/** For results, which a program that starts others can want thrown away: Python and Node open /dev/null for that as a closed one looks, often for both streams. */
export function checkStdoutForResults(): void {
  if (!wasClosed(2)) checkStdout();
}

/** @throws CliError IO_ERROR where standard input would be taken for an empty one */
export function checkStdin(): void {
  if (accessMode(0) === fs.constants.O_WRONLY)
    throw new CliError(
      'IO_ERROR',
      'io',
      'Standard input cannot be read: it is open for writing only. Give a file, or a pipe.',
    );
  if (wasClosed(0))
    throw new CliError(
      'IO_ERROR',
      'io',
      'Standard input is closed. Give a file, or a pipe; < /dev/null is an empty one.',
    );
}

function unusable(what: string): CliError {
  return new CliError('IO_ERROR', 'io', `${what} Say where to with > <file>; > /dev/null throws it away.`);
}

import { fs, path } from './builtins.js';
import { usageError } from './cli-error.js';
import { accessMode, fileName, isNull } from './descriptors.js';

const VARIABLE = 'WEIGHTSEAL_IGNORE_SIGNALS';
const NAMES: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'];
/** SIGHUP's, in a mask of /proc. */
const HANGUP = 1n;

/**
 * The signals that we were started to ignore. Node undoes that before our first line, and the kernel keeps no record, so it is taken from what
 * else shows it: that is enough for SIGHUP, which `nohup` leaves traces of. That a script's background job ignores SIGINT shows nowhere, and a guess
 * could leave somebody with a Ctrl-C that does nothing: whoever needs it says so by the variable.
 *
 * @throws CliError of class usage
 */
export function ignoredSignals(): readonly NodeJS.Signals[] {
  const told = (process.env[VARIABLE] ?? '')
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(signalNamed);
  return told.includes('SIGHUP') || !underNohup() ? told : [...told, 'SIGHUP'];
}

function signalNamed(text: string): NodeJS.Signals {
  const found = NAMES.find((name) => name === text || name === `SIG${text}`);
  if (found) return found;
  const names = NAMES.map((name) => name.slice(3)).join(', ');
  throw usageError(
    `${VARIABLE} takes names out of ${names}, with commas between them, not ${JSON.stringify(text)}.`,
  );
}

/** By what the shell that started it says, by what it does to the streams, or by a parent that hands its own ignoring on. */
function underNohup(): boolean {
  if (process.platform === 'win32') return false;
  return shellNamesNohup() || streamsOfNohup() || parentIgnoresHangup();
}

/** Many shells put into `_` what they start. Where our parent has the same, it is of what once started that one. */
function shellNamesNohup(): boolean {
  const started = process.env['_'] ?? '';
  if (path.basename(started) !== 'nohup') return false;
  return !ofParent('environ')?.split('\0').includes(`_=${started}`);
}

/** In place of a terminal it gives an input that cannot be read, and outputs in a file of that name. */
function streamsOfNohup(): boolean {
  if (process.platform !== 'linux') return false;
  return (
    (isNull(0) && accessMode(0) === fs.constants.O_WRONLY) ||
    [1, 2].some((fd) => fileName(fd) === 'nohup.out')
  );
}

function parentIgnoresHangup(): boolean {
  const mask = /^SigIgn:\s*([0-9a-f]+)/m.exec(ofParent('status') ?? '')?.[1];
  return mask !== undefined && (BigInt(`0x${mask}`) & HANGUP) !== 0n;
}

function ofParent(what: 'environ' | 'status'): string | undefined {
  try {
    return fs.readFileSync(`/proc/${process.ppid}/${what}`, 'latin1');
  } catch {
    return undefined;
  }
}

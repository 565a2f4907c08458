import { fs, path } from '../builtins.js';
import { SystemError } from '../cli-error.js';
import { core } from '../core.js';

/** Much more than twice all that a bucket can be set to. */
const MOST_BYTES = 8 << 20;

/** `weightseal-undo-models-20260102T030405Z.json` */
export function nameFor(place: string, now: Date = new Date()): string {
  const of = place.replace(/^[a-z0-9]+:\/\//, '').replaceAll(/[^A-Za-z0-9._-]/g, '-');
  return `weightseal-undo-${of}-${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}.json`;
}

/** Durable, of mode 0600, and in place of no other file. @throws OUTPUT_EXISTS, SystemError */
export async function writeUndo(file: string, text: string): Promise<void> {
  const { WeightsealError } = await core();
  const beside = `${file}.${process.pid}.tmp`;
  try {
    const fd = fs.openSync(beside, 'wx', 0o600);
    try {
      fs.writeFileSync(fd, text);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    // Unlike a rename it replaces nothing.
    fs.linkSync(beside, file);
    syncDirectory(path.dirname(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new WeightsealError(
        'OUTPUT_EXISTS',
        `${file} exists already, and may be the way back from something else: choose another name by --undo-file. Nothing was changed.`,
        { cause: error },
      );
    throw new SystemError(`keep the way back in ${file}, so that nothing was changed`, error);
  } finally {
    fs.rmSync(beside, { force: true });
  }
}

function syncDirectory(directory: string): void {
  const fd = fs.openSync(directory, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** @throws SystemError, INVALID_ARGUMENT for one that is too long, or that others could have written */
export async function readUndo(file: string): Promise<string> {
  const { WeightsealError } = await core();
  let found: { readonly text: string } | { readonly problem: string };
  try {
    const fd = fs.openSync(file, 'r');
    try {
      const problem = problemOf(fs.fstatSync(fd));
      found = problem === undefined ? { text: fs.readFileSync(fd, 'utf8') } : { problem };
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    throw new SystemError(`read ${file}`, error);
  }
  if ('text' in found) return found.text;
  throw new WeightsealError('INVALID_ARGUMENT', `${file} ${found.problem}`);
}

function problemOf({ size, uid, mode }: import('node:fs').Stats): string | undefined {
  if (size > MOST_BYTES) return `has ${size} bytes, and is no undo file.`;
  const us = process.getuid?.();
  // Windows has neither.
  if (us === undefined) return undefined;
  if (uid !== us && uid !== 0)
    return 'belongs to another user, who could have written into it what they like. Look at it, and copy it to a file of your own.';
  if ((mode & 0o022) !== 0)
    return 'can be written by others, who could have written into it what they like. Look at it, and then: chmod go-w.';
  return undefined;
}

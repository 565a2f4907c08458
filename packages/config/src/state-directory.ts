import { lstatSync, mkdirSync, type Stats } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { ioError } from '@weightseal/core';
import { realDirectory } from './kernel-path.js';
import { strangers } from './owner.js';

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
const ONLY_OURS = 0o700;

/** Why what the user trusts cannot be kept, or believed: to the end of a sentence that begins with the subject. */
export class NoState {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

/**
 * The user's own directory of trusted configurations; undefined where there is none yet. Whoever could write to it, or to a directory above
 * it, could say in the user's name what is trusted: so one that is not the user's own all the way is not believed.
 *
 * @param make whether to make what is missing
 */
export function trustDirectory(env: NodeJS.ProcessEnv, make: boolean): string | NoState | undefined {
  const state = env['XDG_STATE_HOME'] ?? '';
  const home = env['HOME'] ?? '';
  // The XDG base directory specification has a relative one ignored.
  if (isAbsolute(state)) {
    // And it has the last part of one that is not there made.
    const names = ['weightseal', 'trust'];
    return isMissing(state)
      ? below(dirname(state), [basename(state), ...names], 'XDG_STATE_HOME', make)
      : below(state, names, 'XDG_STATE_HOME', make);
  }
  if (isAbsolute(home)) return below(home, ['.local', 'state', 'weightseal', 'trust'], 'HOME', make);
  return new NoState('HOME is not set');
}

function below(
  base: string,
  names: readonly string[],
  variable: string,
  make: boolean,
): string | NoState | undefined {
  let directory = base;
  try {
    // A home may be reached by a link; what is in it may not.
    directory = realDirectory(base);
    if (!lstatSync(directory).isDirectory()) return new NoState(`${directory} is no directory`);
    const problem = unsafeAbove(directory);
    if (problem) return problem;
    for (const name of names) {
      directory = join(directory, name);
      const stats = look(directory, make);
      if (stats === undefined) return undefined;
      const wrong = notOurs(directory, stats);
      if (wrong) return wrong;
    }
    return directory;
  } catch (error) {
    const { message } = ioError(error, `use ${directory} (by ${variable}), where what you trust is kept`);
    return new NoState(message.replace(/\.$/, ''));
  }
}

/** What may not be looked at is told where it is used. */
function isMissing(directory: string): boolean {
  try {
    return !lstatSync(directory, { throwIfNoEntry: false });
  } catch {
    return false;
  }
}

function look(directory: string, make: boolean): Stats | undefined {
  const found = lstatSync(directory, { throwIfNoEntry: false });
  if (found || !make) return found;
  try {
    mkdirSync(directory, ONLY_OURS);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return lstatSync(directory);
}

function notOurs(directory: string, stats: Stats): NoState | undefined {
  if (stats.isSymbolicLink())
    return new NoState(
      `${directory} is a link, which somebody may have put there; set XDG_STATE_HOME to where it leads`,
    );
  if (!stats.isDirectory()) return new NoState(`${directory} is no directory`);
  const me = process.geteuid?.();
  if (me === undefined) return undefined;
  const owner = strangers(stats.uid, me, { rootToo: false });
  if (owner !== undefined) return new NoState(`${directory} ${owner}`);
  if ((stats.mode & WRITABLE_BY_OTHERS) === 0) return undefined;
  return new NoState(`${directory} can be written to by others; chmod go-w it`);
}

/** Others may make things in a directory like /tmp, but not take away or rename what is ours. */
function unsafeAbove(directory: string): NoState | undefined {
  const me = process.geteuid?.();
  if (me === undefined) return undefined;
  for (let one = directory; ; one = dirname(one)) {
    const { uid, mode } = lstatSync(one);
    const owner = strangers(uid, me, { rootToo: true });
    if (owner !== undefined) return new NoState(`${one} ${owner}`);
    if (mode & WRITABLE_BY_OTHERS && !(mode & STICKY))
      return new NoState(`${one} can be written to by others`);
    if (one === dirname(one)) return undefined;
  }
}

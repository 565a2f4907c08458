import { fs, os, path } from './builtins.js';

/** Not `weightseal`, which earlier versions made with whatever mode the umask left: what lies there, others may have written. */
const NAME = 'weightseal-compiled';
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/**
 * Where Node may keep our compiled code, or undefined for nowhere. Node runs what it finds there unchecked, so whoever
 * can write there runs code as us: every directory on the way must be ours or root's and closed to everyone else's
 * writing, and the last ones must be ours. Never throws.
 */
export function cacheDirectory(): string | undefined {
  try {
    return process.platform === 'win32' ? path.join(os.homedir(), '.cache', NAME) : safeDirectory();
  } catch {
    return undefined;
  }
}

function safeDirectory(): string | undefined {
  const caches = process.env['XDG_CACHE_HOME'];
  const names = [NAME];
  let base = caches;
  if (!base || !path.isAbsolute(base)) {
    base = os.homedir();
    if (!path.isAbsolute(base)) return undefined;
    names.unshift('.cache');
  } else {
    makeDirectory(base);
  }
  // Links on the way are no matter: it is the directories that they lead to which are looked at and used from here on.
  let directory = fs.realpathSync.native(base);
  if (!isOursAlone(directory) || !leadsSafelyTo(directory)) return undefined;
  for (const name of names) {
    directory = path.join(directory, name);
    makeDirectory(directory);
    if (!isOursAlone(directory)) return undefined;
  }
  // Nobody else may even look in, so that it does not matter how Node makes what is in it.
  return (fs.lstatSync(directory).mode & 0o077) === 0 ? directory : undefined;
}

function makeDirectory(directory: string): void {
  if (fs.lstatSync(directory, { throwIfNoEntry: false })) return;
  try {
    fs.mkdirSync(directory, 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** A directory, no link to one, that only we may change. */
function isOursAlone(directory: string): boolean {
  const stat = fs.lstatSync(directory);
  return stat.isDirectory() && stat.uid === process.geteuid?.() && (stat.mode & OTHERS_WRITE) === 0;
}

/** Whether nobody but us and root can put another directory in its place. In a sticky one (/tmp) nobody can move what is ours. */
function leadsSafelyTo(directory: string): boolean {
  for (let above = path.dirname(directory); ; above = path.dirname(above)) {
    const { uid, mode } = fs.lstatSync(above);
    if (uid !== 0 && uid !== process.geteuid?.()) return false;
    if ((mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0) return false;
    if (above === path.dirname(above)) return true;
  }
}

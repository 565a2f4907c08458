import { fs, os, path } from './builtins.js';

/**
 * Where Node may keep our compiled code. Whoever can write there can run code as us, and Node's own default lies in the
 * shared /tmp: so only below a home directory that is ours (under sudo, HOME may be somebody else's), or nowhere.
 */
export function cacheDirectory(): string | undefined {
  try {
    const home = os.homedir();
    if (process.platform !== 'win32' && fs.statSync(home).uid !== process.geteuid?.()) return undefined;
    return path.join(home, '.cache', 'weightseal');
  } catch {
    return undefined;
  }
}

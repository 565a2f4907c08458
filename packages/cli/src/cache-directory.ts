import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where Node may keep our compiled code. Whoever can write there can run code as us, and Node's own default lies in the
 * shared /tmp: so only below a home directory that is ours (under sudo, HOME may be somebody else's), or nowhere.
 */
export function cacheDirectory(): string | undefined {
  try {
    const home = homedir();
    if (process.platform !== 'win32' && statSync(home).uid !== process.geteuid?.()) return undefined;
    return join(home, '.cache', 'weightseal');
  } catch {
    return undefined;
  }
}

import { lstat, mkdir } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

const OTHERS_WRITE = 0o022;

/**
 * A directory of this user's for what is to outlive a process and is nobody else's: where the XDG base directories have it. Undefined where there is none, or where others may
 * write.
 */
export async function stateDirectory(name: string): Promise<string | undefined> {
  const base = stateHome();
  if (base === undefined) return undefined;
  const path = join(base, 'weightseal', name);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    return (await isOurs(path)) && (await isOurs(join(base, 'weightseal'))) ? path : undefined;
  } catch {
    return undefined;
  }
}

function stateHome(): string | undefined {
  const { XDG_STATE_HOME: xdg, HOME: home, LOCALAPPDATA: local } = process.env;
  if (process.platform === 'win32') return local;
  if (xdg !== undefined && isAbsolute(xdg)) return xdg;
  return home !== undefined && isAbsolute(home) ? join(home, '.local', 'state') : undefined;
}

async function isOurs(path: string): Promise<boolean> {
  const found = await lstat(path);
  if (process.platform === 'win32') return found.isDirectory();
  return found.isDirectory() && found.uid === process.geteuid?.() && (found.mode & OTHERS_WRITE) === 0;
}

import { lstat, readlink } from 'node:fs/promises';
import { dirname, parse, resolve, sep } from 'node:path';

/** A directory, or a link, by which a path is come to. */
export interface Step {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly isLink: boolean;
}

/** As many as Linux follows. */
const MOST_LINKS = 40;

/**
 * Every directory and link that a path leads through, from the root on: whoever can change one of them decides what lies at its end. The last is what lies there itself.
 *
 * @throws as `lstat` does; ELOOP
 */
export async function wayTo(path: string): Promise<Step[]> {
  const steps = new Map<string, Step>();
  const to = resolve(path);
  let { root: at } = parse(to);
  let names = partsOf(to);
  const root = await lstat(at);
  steps.set(at, { path: at, mode: root.mode, uid: root.uid, gid: root.gid, isLink: false });
  for (let links = 0; names.length > 0; ) {
    const [name, ...rest] = names as [string, ...string[]];
    names = rest;
    if (name === '.') continue;
    if (name === '..') {
      at = dirname(at);
      continue;
    }
    const next = resolve(at, name);
    const stats = await lstat(next);
    const { mode, uid, gid } = stats;
    const isLink = stats.isSymbolicLink();
    // It is told where it comes last.
    steps.delete(next);
    steps.set(next, { path: next, mode, uid, gid, isLink });
    if (!isLink) at = next;
    else {
      if (++links > MOST_LINKS) throw Object.assign(new Error('ELOOP'), { code: 'ELOOP' });
      const led = await readlink(next);
      if (led.startsWith(sep)) ({ root: at } = parse(resolve(led)));
      names = [...led.split(sep).filter(Boolean), ...names];
    }
  }
  return [...steps.values()];
}

function partsOf(path: string): string[] {
  return path.slice(parse(path).root.length).split(sep).filter(Boolean);
}

import { lstat, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What stands on the way to a file: each directory and link, in the order in which the kernel goes through them. */
export interface Step {
  readonly path: string;
  readonly kind: 'directory' | 'link' | 'file';
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly dev: number;
  readonly ino: number;
}

/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * Goes to a file as the kernel does: `..` after a link is the parent of where the link leads. The last step is the file.
 *
 * @throws what the system says
 */
export async function stepsTo(path: string): Promise<Step[]> {
  const steps: Step[] = [];
  let at = path.startsWith('/') ? '/' : process.cwd();
  for (const above of ancestorsOf(at)) steps.push(await stepAt(above));
  const left = path.split('/');
  for (let links = 0; left.length > 0; ) {
    const name = left.shift()!;
    if (name === '' || name === '.') continue;
    const next = name === '..' ? dirname(at) : join(at, name);
    const step = await stepAt(next);
    steps.push(step);
    if (step.kind !== 'link') {
      at = next;
      continue;
    }
    if (++links > MAX_LINKS) throw Object.assign(new Error('too many links'), { code: 'ELOOP' });
    const target = await readlink(next);
    left.unshift(...target.split('/'));
    if (target.startsWith('/')) at = '/';
  }
  return steps;
}

function ancestorsOf(directory: string): string[] {
  return directory === '/' ? ['/'] : [...ancestorsOf(dirname(directory)), directory];
}

async function stepAt(path: string): Promise<Step> {
  const stat = await lstat(path);
  const { uid, gid, mode, dev, ino } = stat;
  return {
    path,
    kind: stat.isSymbolicLink() ? 'link' : stat.isDirectory() ? 'directory' : 'file',
    uid,
    gid,
    mode,
    dev,
    ino,
  };
}

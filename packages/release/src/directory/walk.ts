import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ErrorCode,
  ioError,
  pathProblem,
  shown,
  throwIfAborted,
  WeightsealError,
} from '@weightseal/core';

export interface WalkOptions {
  /** Files that are passed over, and directories with all that is in them: paths below the root. */
  readonly ignorePaths: readonly string[];
  readonly allowSymlinks: boolean;
  readonly signal: AbortSignal | undefined;
}

export interface FoundFile {
  /** Below the root, with `/` between names. */
  readonly name: string;
  readonly path: string;
}

const DECODER = new TextDecoder('utf-8', { fatal: true });

/**
 * The files of a directory, in no order, as the reference implementation finds them: what is passed over is so at the root only, and no link is followed to a directory. It passes over what is in such a
 * directory; here the link is refused, since whoever loads the model would follow it to what nobody has signed.
 *
 * @throws PATH_INVALID, LINK_INVALID, INPUT_NOT_FOUND, IO_ERROR, ABORTED
 */
export async function filesOf(root: string, options: WalkOptions): Promise<readonly FoundFile[]> {
  const ignored = new Set(options.ignorePaths);
  const found: FoundFile[] = [];
  const left = [''];
  for (let below = left.pop(); below !== undefined; below = left.pop()) {
    throwIfAborted(options.signal);
    for (const entry of await entriesOf(join(root, below))) {
      const name = below + nameOf(entry.name, below);
      if (ignored.has(name)) continue;
      const problem = pathProblem(name);
      if (problem !== undefined) throw refused('PATH_INVALID', name, `is no path of a model: ${problem}`);
      if (entry.isDirectory()) left.push(`${name}/`);
      else if (entry.isFile()) found.push({ name, path: join(root, name) });
      else if (entry.isSymbolicLink()) found.push(await linked(root, name, options.allowSymlinks));
      else throw refused('PATH_INVALID', name, 'is a device, a pipe or a socket');
    }
  }
  return found;
}

async function entriesOf(directory: string) {
  try {
    // As bytes: names that are no UTF-8 would all become the same.
    return await readdir(directory, { encoding: 'buffer', withFileTypes: true });
  } catch (error) {
    throw ioError(error, `read the directory ${shown(directory)}`);
  }
}

function nameOf(bytes: Uint8Array, below: string): string {
  try {
    return DECODER.decode(bytes);
  } catch {
    throw refused('PATH_INVALID', `${below}${Buffer.from(bytes).toString('latin1')}`, 'is no UTF-8');
  }
}

async function linked(root: string, name: string, allowed: boolean): Promise<FoundFile> {
  if (!allowed)
    throw refused('LINK_INVALID', name, 'is a link; put the file there, or allow links (allowSymlinks)');
  const path = join(root, name);
  let isFile: boolean;
  try {
    isFile = (await stat(path)).isFile();
  } catch (error) {
    throw refused('LINK_INVALID', name, 'is a link that leads nowhere', error);
  }
  if (isFile) return { name, path };
  throw refused(
    'LINK_INVALID',
    name,
    'is a link to something else than a file, and only those can be signed',
  );
}

function refused(code: ErrorCode, name: string, why: string, cause?: unknown): WeightsealError {
  const todo = 'Change that, or leave it out (ignorePaths).';
  return new WeightsealError(code, `${shown(name)} ${why}. ${todo}`, cause === undefined ? {} : { cause });
}

import { constants, type FileHandle, open, stat } from 'node:fs/promises';
import { makeDurable } from './durable.js';

/** open(2), on every machine that Node runs on: a descriptor of a place, for which no right to read it is needed. */
const O_PATH = 0o10000000;

/**
 * A directory that is opened once, and what is done in it is done in that one: whoever renames its path meanwhile, or puts a link there, changes nothing. Only where
 * there is no /proc of Linux is it the path, as it was written, that leads there each time.
 */
export class Directory implements AsyncDisposable {
  /** Its descriptor, where names in it are reached by that. */
  readonly fd: number | undefined;
  readonly #path: string;
  readonly #handle: FileHandle | undefined;

  private constructor(path: string, handle: FileHandle | undefined) {
    this.#path = handle ? byDescriptor(handle) : path;
    this.#handle = handle;
    this.fd = handle?.fd;
  }

  /**
   * The directory of a path, and the name in it: divided at the last slash, with nothing changed, since where `..` leads behind a linked directory only the kernel knows. The name is
   * empty when the path ends in a slash.
   *
   * @throws what open(2) says, as Node puts it
   */
  static async above(path: string): Promise<{ readonly directory: Directory; readonly name: string }> {
    const { before, name } = divide(path);
    // `C:name` is in the directory in which that drive is.
    const directory = before === '' || before.endsWith(':') ? `${before}.` : before;
    return { directory: await Directory.open(directory), name };
  }

  /**
   * Follows the path as the kernel does.
   *
   * @param direct whether the last name must be no link; only Linux can tell without looking twice
   * @param reading whether nothing will be written in it: Node's permission model may allow to read by descriptors, and not to write
   * @throws what open(2) says, as Node puts it
   */
  static async open(path: string, direct: boolean = false, reading: boolean = false): Promise<Directory> {
    if (process.platform !== 'linux') return new Directory(path, undefined);
    const flags = O_PATH | constants.O_DIRECTORY | (direct ? constants.O_NOFOLLOW : 0);
    const handle = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
      // Node's permission model may allow what is in a directory, and not the directory.
      if (error.code === 'ERR_ACCESS_DENIED') return undefined;
      throw error;
    });
    if (handle && (await canReach(handle, reading))) return new Directory(path, handle);
    await handle?.close();
    return new Directory(path, undefined);
  }

  /** The directory itself, as this process reaches it. */
  get path(): string {
    return this.#path;
  }

  /** The path of a name in it, as this process reaches it. Never joined: `..` after a link is for the kernel to understand. */
  at(name: string): string {
    return `${this.#path}/${name}`;
  }

  /** Makes its names durable. Some cannot be synced, or not be read; names are then as durable as the file system makes them. */
  async sync(): Promise<void> {
    const handle = await open(this.#path, 'r').catch(() => undefined);
    if (handle) await makeDurable(handle).catch(() => {});
    await handle?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle?.close();
  }
}

/** A path at its last slash, which stays with what is before it. */
export function divide(path: string): { readonly before: string; readonly name: string } {
  const divided = process.platform === 'win32' ? /^(.*[\\/]|[a-z]:)?(.*)$/is : /^(.*\/)?(.*)$/s;
  const [, before = '', name = ''] = divided.exec(path) ?? [];
  return { before, name };
}

/** In `self` it is us, also where /proc is that of another PID namespace, in which our number is somebody else's. */
function byDescriptor(handle: FileHandle): string {
  return `/proc/self/fd/${handle.fd}`;
}

async function canReach(handle: FileHandle, reading: boolean): Promise<boolean> {
  const path = byDescriptor(handle);
  const { permission } = process;
  const rights = reading ? ['fs.read'] : ['fs.read', 'fs.write'];
  if (permission && !rights.every((right) => permission.has(right, path))) return false;
  const [reached, own] = await Promise.all([
    stat(path, { bigint: true }).catch(() => undefined),
    handle.stat({ bigint: true }),
  ]);
  return reached?.ino === own.ino && reached.dev === own.dev;
}

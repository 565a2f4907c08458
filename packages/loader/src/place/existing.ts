import { tmpdir } from 'node:os';
import { Directory, isWeightsealError, WeightsealError } from '@weightseal/core';
import { noMemoryFs } from '../advice.js';
import { checkSpace, type FileSystem, fileSystemOf } from '../machine/file-system.js';
import type { Need } from '../need.js';
import type { Plaintext } from '../plaintext.js';
import { isShortage, placeError } from './place-error.js';
import { PrivateDirectory } from './private-directory.js';
import { furnish, type Ground, type Make, type Space } from './space.js';

export interface ExistingOptions extends Need {
  /** Where to, instead of the places where a tmpfs usually is. */
  readonly directory?: string | undefined;
  readonly allowDisk?: boolean | undefined;
  readonly nameless: boolean;
  /** Whether a place in memory will do; the default is true. */
  readonly memory?: boolean | undefined;
}

/** Where a tmpfs is mounted on most machines. Each is looked at: what counts is what it is, and not what it is called. */
export function usualPlaces(): string[] {
  const user = process.env['XDG_RUNTIME_DIR'];
  return [...new Set(['/dev/shm', ...(user ? [user] : []), '/run/weightseal', '/run', tmpdir(), '/tmp'])];
}

/**
 * A place in a file system that is there, with what is to be in it.
 *
 * @throws MEMORY_FS_REQUIRED where none is in memory, NO_SPACE where none has room, IO_ERROR
 */
export function useExisting<P extends Plaintext>(options: ExistingOptions, make: Make<P>): Promise<Space<P>> {
  return search(options, (ground) => furnish(ground, make));
}

/** The same, with nothing in it. */
export function findGround(options: ExistingOptions): Promise<Ground> {
  return search(options, (ground) => Promise.resolve(ground));
}

type Take<T> = (ground: Ground) => Promise<T>;

async function search<T>(options: ExistingOptions, take: Take<T>): Promise<T> {
  const { directory, allowDisk = false, memory = true } = options;
  const places = directory === undefined ? usualPlaces() : [directory];
  const failures: WeightsealError[] = [];
  for (const path of memory ? places : []) {
    const taken = await tryIn(path, options, take, failures, false);
    if (taken) return taken;
  }
  const onDisk = allowDisk && (await tryIn(directory ?? tmpdir(), options, take, failures, true));
  if (onDisk) return onDisk;
  const shortage = failures.find(isShortage);
  if (shortage) throw shortage;
  // That there is one, and why it will not do, is the better thing to know.
  const [failure] = failures.toSorted(
    (a, b) => Number(b.code === 'NO_SPACE') - Number(a.code === 'NO_SPACE'),
  );
  if (failure && (directory !== undefined || failure.code === 'NO_SPACE')) throw failure;
  const problem =
    directory === undefined
      ? `No file system in memory was found that this process can write to (looked at ${places.join(', ')})`
      : `${directory} is not in memory, and plaintext is written to a disk only with --allow-disk (allowDisk)`;
  throw new WeightsealError('MEMORY_FS_REQUIRED', `${problem}. ${noMemoryFs}`, { failures });
}

async function tryIn<T>(
  path: string,
  options: ExistingOptions,
  take: Take<T>,
  failures: WeightsealError[],
  disk: boolean,
): Promise<T | undefined> {
  let place: Directory | undefined;
  try {
    // Opened once: what is judged is what is written to, whatever becomes of its path.
    place = await Directory.open(path);
    const system = await fileSystemOf(place.fd);
    if ((system.kind === 'other') !== disk) return undefined;
    checkSpace(options.bytes, system, path, options.files);
    const ground = await groundIn(place, path, system, options.nameless);
    place = undefined;
    return await take(ground);
  } catch (error) {
    const absent = options.directory === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!absent) failures.push(isWeightsealError(error) ? error : placeError(error, `use ${path}`));
    return undefined;
  } finally {
    await place?.[Symbol.asyncDispose]();
  }
}

/** Takes the place over, unless it throws. */
async function groundIn(
  place: Directory,
  path: string,
  system: FileSystem,
  wanted: boolean,
): Promise<Ground> {
  const { kind, noswap, noexec } = system;
  // What has no name is reached through /proc.
  const nameless = wanted && process.platform === 'linux';
  const common = { kind: kind === 'other' ? 'disk' : kind, noswap, noexec, nameless } as const;
  if (nameless) {
    // It needs no directory of its own either: nothing at all is made that could be left.
    return {
      ...common,
      directory: place.path,
      pathOf: (name: string) => place.at(name),
      left: () => [],
      [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
    };
  }
  const own = await PrivateDirectory.within(place, path);
  return {
    ...common,
    directory: own.descriptor,
    pathOf: (name: string) => own.pathOf(name),
    left: () => own.left,
    async [Symbol.asyncDispose]() {
      await own[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}

/** A directory for mounts and links, that nobody else can put anything in the place of. @throws IO_ERROR where there would be one, and the process lacks something for it */
export async function emptyDirectory(): Promise<PrivateDirectory | undefined> {
  let short: unknown;
  for (const place of usualPlaces()) {
    const made = await PrivateDirectory.create(place).catch((error: WeightsealError) => {
      if (isShortage(error)) short ??= error;
    });
    if (made && !made.replaceable) return made;
    await made?.[Symbol.asyncDispose]();
  }
  if (short !== undefined) throw short;
  return undefined;
}

import { constants } from 'node:fs';
import { access, type FileHandle } from 'node:fs/promises';
import { findProgram, searchPath, WeightsealError } from '@weightseal/core';
import { emptyDirectory } from '../place/existing.js';
import {
  ended,
  type Helper,
  MOUNT_TMPFS,
  startInNamespace,
  TELL_AND_WAIT,
} from '../place/mount-namespace.js';
import { optionsFor } from '../place/own-tmpfs.js';
import type { PrivateDirectory } from '../place/private-directory.js';
import type { Plaintext } from '../plaintext.js';
import { CACHES, makeCaches } from './caches.js';
import { succeeds } from './prefix.js';
import { type Found, type Launch, roomFor, type Stage } from './stage.js';
import { startCommand } from './start.js';

/** What is made in a tmpfs of our own: a file, or a directory. */
export interface Content<P extends Plaintext> {
  /** What the helper does once it has mounted the tmpfs at $2. $3 is the model's name, $4 `exec` or `noexec`, the rest are `words`. */
  readonly script: string;
  readonly words: readonly string[];
  /** What it does when it has been told that we have that, and until it ends. */
  readonly keep: string;
  /** Through the helper; undefined where we may not look at it. */
  take(helper: Helper, mountPoint: string): Promise<Taken<P> | undefined>;
}

export interface Taken<P extends Plaintext> {
  readonly plaintext: P;
  readonly warnings?: readonly string[];
  /** Makes it as the command is to find it, and opens it for that. */
  open(path: string): Promise<FileHandle>;
  close?(): Promise<void>;
}

/**
 * A tmpfs in a mount namespace that only the command and what it starts are in, and a helper that keeps it: no other user's process finds it, and the kernel frees it
 * with the last of them. Undefined where this machine does not allow it.
 *
 * @throws IO_ERROR where it does, and the process lacks something (descriptors, processes, room for its environment)
 */
export async function ownStage<P extends Plaintext>(
  launch: Launch,
  content: Content<P>,
): Promise<Stage<P> | undefined> {
  const mountPoint = await emptyDirectory();
  if (!mountPoint) return undefined;
  let helper: Helper | undefined;
  try {
    const asked = Promise.all([findPrograms(), searchPath()]);
    // It fails where the helper does too, if at all; nobody listens to it then.
    asked.catch(() => {});
    const { name, need, exec, caches } = launch;
    helper = await startInNamespace(MOUNT_TMPFS + content.script + TELL_AND_WAIT + content.keep, [
      // What is compiled into a cache is executed from there.
      optionsFor(need, exec || caches, roomFor(launch)),
      mountPoint.path,
      name,
      exec ? 'exec' : 'noexec',
      ...content.words,
    ]);
    const [programs, path] = await asked;
    const enter = helper && (await entering(helper, programs));
    // Tried before the plaintext is there: a busybox cannot, and the system may allow one user namespace and no more.
    const tried = launch.prefix.with({ PATH: path });
    const enters = enter && (await succeeds([...enter, ...tried.words, 'true'], tried.environment));
    const taken = helper && enters && (await content.take(helper, mountPoint.path));
    if (helper && enter && taken) return await stageIn(helper, { launch, mountPoint, enter, taken });
  } catch (error) {
    await leave(mountPoint, helper);
    throw error;
  }
  await leave(mountPoint, helper);
  return undefined;
}

async function leave(mountPoint: PrivateDirectory, helper: Helper | undefined): Promise<void> {
  helper?.child.kill('SIGKILL');
  await mountPoint[Symbol.asyncDispose]();
}

interface Made<P extends Plaintext> {
  readonly launch: Launch;
  readonly mountPoint: PrivateDirectory;
  readonly enter: readonly string[];
  readonly taken: Taken<P>;
}

async function stageIn<P extends Plaintext>(
  helper: Helper,
  { launch, mountPoint, enter, taken }: Made<P>,
): Promise<Stage<P>> {
  const inside = `/proc/${helper.pid}/root`;
  const found: Found = {
    path: `${mountPoint.path}/${launch.name}`,
    caches: launch.caches ? `${mountPoint.path}/${CACHES}` : undefined,
  };
  if (found.caches !== undefined) await makeCaches(`${inside}${found.caches}`, launch.owner);
  helper.go.write('\n');
  let model: FileHandle | undefined;
  return {
    ...found,
    kind: 'own-tmpfs',
    noswap: helper.how.includes('noswap'),
    nameless: helper.how.includes('nameless'),
    plaintext: taken.plaintext,
    warnings: taken.warnings ?? [],
    left: () => mountPoint.left,
    start: async () => {
      const { exitCode, signalCode } = helper.child;
      if (exitCode !== null || signalCode !== null) throw helperGone();
      model = await taken.open(`${inside}${found.path}`).catch(() => {
        throw helperGone();
      });
      taken.plaintext.hold(model);
      return startCommand(launch, found, model, enter);
    },
    async [Symbol.asyncDispose]() {
      helper.go.end();
      await ended(helper.child, 0);
      await model?.close();
      await taken.close?.();
      await mountPoint[Symbol.asyncDispose]();
    },
  };
}

/** What `entering` is made of. */
function findPrograms(): Promise<(string | undefined)[]> {
  return Promise.all(['nsenter', 'unshare', 'env'].map((name) => findProgram(name)));
}

/** The programs that enter the helper's namespaces, with its root and working directory, which are ours there. */
async function entering(
  { pid, unprivileged }: Helper,
  [nsenter, unshare, env]: readonly (string | undefined)[],
): Promise<string[] | undefined> {
  if (nsenter === undefined || unshare === undefined) return undefined;
  const user = unprivileged ? ['-U', '--preserve-credentials'] : [];
  const readable = await access('.', constants.R_OK).then(
    () => true,
    () => false,
  );
  if (!readable && env === undefined) return undefined;
  // nsenter opens the directory, which takes the right to read it; to go there by its path takes none, and who may not read it is not in a chroot.
  const there = readable ? ['-r', '-w', '--'] : ['--', env!, `--chdir=${process.cwd()}`];
  const enter = [nsenter, '-t', String(pid), ...user, '-m', ...there];
  // Back to the user that the command would have been without a user namespace, and without the capabilities that mounting took.
  const back = [unshare, '--user', `--map-user=${process.geteuid?.()}`, `--map-group=${process.getegid?.()}`];
  return unprivileged ? [...enter, ...back, '--'] : enter;
}

export function helperGone(): WeightsealError {
  return new WeightsealError(
    'IO_ERROR',
    'The process that kept the place for the command has ended before the plaintext was there; try again.',
  );
}

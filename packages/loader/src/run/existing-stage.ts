import { constants } from 'node:fs';
import { chmod, type FileHandle, open, symlink } from 'node:fs/promises';
import { noexec as NOEXEC } from '../advice.js';
import { MARKED } from '../descriptors.js';
import type { Inode } from '../inode.js';
import { type ExistingOptions, emptyDirectory, findGround, useExisting } from '../place/existing.js';
import type { PrivateDirectory } from '../place/private-directory.js';
import { byDescriptor, fileIn, type Space } from '../place/space.js';
import type { Plaintext } from '../plaintext.js';
import type { Tree } from '../tree/tree.js';
import { treeIn } from '../tree/tree-in.js';
import { CACHES, makeCaches } from './caches.js';
import type { Launch, Stage } from './stage.js';
import { startCommand } from './start.js';

/** How a model in a file system that is there is reached. */
interface Reached {
  readonly path: string;
  /** What the command gets: it can only be read. */
  readonly model: FileHandle;
  readonly links?: PrivateDirectory | undefined;
}

/** The plaintext in a file system that is there. Without a name it is reached by a link to the descriptor that we hold. */
export async function existingFile(launch: Launch, options: ExistingOptions): Promise<Stage<Inode>> {
  return stageIn(launch, options, await useExisting(options, fileIn), reachFile);
}

/** A directory there, under its own name. */
export async function existingTree(launch: Launch, options: ExistingOptions): Promise<Stage<Tree>> {
  const { name, exec, writable, owner } = launch;
  const named = { ...options, nameless: false };
  const space = await useExisting(named, (ground) =>
    treeIn(ground, name, { exec, writable, shared: owner !== undefined }),
  );
  return stageIn(launch, named, space, async () => {
    const model = await open(space.plaintext.root, constants.O_RDONLY | constants.O_DIRECTORY);
    return { path: space.pathOf(name), model };
  });
}

async function stageIn<P extends Plaintext>(
  launch: Launch,
  options: ExistingOptions,
  space: Space<P>,
  reach: (launch: Launch, space: Space<P>) => Promise<Reached>,
): Promise<Stage<P>> {
  const toClose: AsyncDisposable[] = [space];
  const dispose = async () => {
    for (const one of toClose.splice(0).reverse()) await one[Symbol.asyncDispose]();
  };
  const { kind, noswap, nameless, plaintext } = space;
  try {
    const { path, model, links } = await reach(launch, space);
    toClose.push(model, ...(links ? [links] : []));
    plaintext.hold(model);
    const beside = launch.caches ? await placeForCaches(launch, options, space) : undefined;
    if (beside && beside !== space) toClose.push(beside);
    const found = { path, caches: beside?.pathOf(CACHES) };
    return {
      ...found,
      kind,
      noswap,
      nameless,
      plaintext,
      warnings: (launch.exec && space.noexec) || (launch.caches && beside?.noexec) ? [NOEXEC] : [],
      left: () => [
        ...space.left(),
        ...(links?.left ?? []),
        ...(beside === space ? [] : (beside?.left() ?? [])),
      ],
      start: () => startCommand(launch, found, model),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await plaintext.release(false).catch(() => {});
    await dispose();
    throw error;
  }
}

/** Beside a model that has a name, else in a directory of their own. */
async function placeForCaches({ owner }: Launch, options: ExistingOptions, space: Space) {
  const ground = space.nameless ? await findGround({ ...options, nameless: false, bytes: 0 }) : space;
  await makeCaches(`${ground.directory}/${CACHES}`, owner);
  if (owner) await chmod(ground.directory, 0o711);
  return ground;
}

async function reachFile({ name, owner }: Launch, space: Space<Inode>): Promise<Reached> {
  const { plaintext: inode } = space;
  // So marked, the command's own descriptor is told from those that it opens.
  const model = await open(byDescriptor(inode.handle), MARKED);
  if (!space.nameless) {
    await inode.show(`${space.directory}/${name}`);
    if (owner) await chmod(space.directory, 0o711);
    return { path: space.pathOf(name), model };
  }
  const descriptor = byDescriptor(model);
  const links = await emptyDirectory().catch(() => undefined);
  if (!links) return { path: descriptor, model };
  await symlink(descriptor, `${links.descriptor}/${name}`);
  return { path: links.pathOf(name), model, links };
}

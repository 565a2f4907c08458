import { type FileHandle, open, symlink } from 'node:fs/promises';
import { MARKED } from '../descriptors.js';
import { type ExistingOptions, emptyDirectory, useExisting } from '../place/existing.js';
import type { PrivateDirectory } from '../place/private-directory.js';
import { byDescriptor, type Space } from '../place/space.js';
import type { Launch, Stage } from './stage.js';
import { startCommand } from './start.js';

/** The plaintext in a file system that is there. Without a name it is reached by a link to the descriptor that we hold. */
export async function existingStage(launch: Launch, options: ExistingOptions): Promise<Stage> {
  const space = await useExisting(options);
  const toClose: AsyncDisposable[] = [space];
  const dispose = async () => {
    for (const one of toClose.splice(0).reverse()) await one[Symbol.asyncDispose]();
  };
  try {
    // What the command gets can only be read.
    const model = await readOnly(space);
    toClose.push(model);
    space.inode.hold(model);
    const links = space.nameless ? await emptyDirectory().catch(() => undefined) : undefined;
    if (links) toClose.push(links);
    const path = await pathFor(launch, space, model, links);
    const { kind, noswap, inode } = space;
    return {
      kind,
      noswap,
      nameless: space.nameless,
      inode,
      path,
      left: () => [...space.left(), ...(links?.left ?? [])],
      start: () => startCommand(launch, path, model),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await space.inode.release(false).catch(() => {});
    await dispose();
    throw error;
  }
}

function readOnly({ inode }: Space): Promise<FileHandle> {
  // So marked, the command's own descriptor is told from those that it opens.
  return open(byDescriptor(inode.handle), MARKED);
}

async function pathFor(
  { name }: Launch,
  space: Space,
  model: FileHandle,
  links: PrivateDirectory | undefined,
): Promise<string> {
  if (!space.nameless) {
    await space.inode.show(`${space.directory}/${name}`);
    return space.pathOf(name);
  }
  const descriptor = byDescriptor(model);
  if (!links) return descriptor;
  await symlink(descriptor, `${links.descriptor}/${name}`);
  return links.pathOf(name);
}

import { throwIfAborted } from '@weightseal/core';
import { noexec as NOEXEC } from './advice.js';
import type { BundleAt } from './bundle-at.js';
import type { LoadOptions } from './load.js';
import { LoadedModel } from './loaded.js';
import type { Model } from './model.js';
import { fileName } from './names.js';
import { type Chosen, choose, ownerOf } from './place/choose.js';
import { useExisting } from './place/existing.js';
import { mountOwnReadOnly } from './place/own-tmpfs.js';
import { abandon, type Make, type Space } from './place/space.js';
import type { Tree } from './tree/tree.js';
import { treeIn } from './tree/tree-in.js';

/** Writes a bundle into a directory in memory. The sizes of its members say how much that takes, so the key is asked first. */
export async function loadTree(
  model: Model<Tree>,
  source: BundleAt,
  options: LoadOptions,
): Promise<LoadedModel> {
  const name = fileName(options.name, model.name, source);
  const chosen = await placeFor(model, name, options);
  const { plaintext: tree } = chosen.place;
  try {
    const { digest, onProgress, signal, owner } = options;
    const opened = await model.pour(tree, { digest, onProgress, signal });
    await tree.sealOff(owner && ownerOf(owner));
    throwIfAborted(signal);
    return new LoadedModel(opened, chosen, chosen.place.pathOf(name));
  } catch (error) {
    await abandon(chosen.place);
    throw error;
  }
}

async function placeFor(
  { need }: Model<Tree>,
  name: string,
  options: LoadOptions,
): Promise<Chosen<Space<Tree>>> {
  const { allowExec: exec = false, owner, nameless } = options;
  const make: Make<Tree> = (ground) => treeIn(ground, name, { exec, shared: owner !== undefined });
  const chosen = await choose(need, options, false, {
    own: () => mountOwnReadOnly(need, exec, make),
    existing: (existing) => useExisting(existing, make),
  });
  const more = [
    ...(nameless && chosen.placement.kind !== 'own-tmpfs' ? [NAMED] : []),
    ...(exec && chosen.place.noexec ? [NOEXEC] : []),
  ];
  const warnings = [...chosen.placement.warnings, ...more];
  return { ...chosen, placement: { ...chosen.placement, warnings } };
}

const NAMED =
  'a directory has names, also where none were asked for: in a tmpfs that is there, what a kill -9 leaves of it the next sweep removes.';

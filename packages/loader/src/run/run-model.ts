import { type InputAnywhere, openReader } from '@weightseal/core';
import { openBundleModel } from '../bundle.js';
import type { BundleAt } from '../bundle-at.js';
import type { Inode } from '../inode.js';
import { readingOf } from '../load.js';
import { fileModel, type Model } from '../model.js';
import type { Makers } from '../place/choose.js';
import type { Plaintext } from '../plaintext.js';
import type { Tree } from '../tree/tree.js';
import { existingFile, existingTree } from './existing-stage.js';
import type { RunOptions } from './options.js';
import { ownFile } from './own-file.js';
import { ownStage } from './own-stage.js';
import { ownTree } from './own-tree.js';
import type { Launch, Stage } from './stage.js';

/** A model, and the stages for what it is. */
export interface RunModel<P extends Plaintext> extends Model<P> {
  makers(launch: Launch): Makers<Stage<P>>;
}

/** A sealed file. Asks the key. @throws what core throws */
export async function openFile(
  source: Exclude<InputAnywhere, URL>,
  options: RunOptions,
): Promise<RunModel<Inode>> {
  return asFile(fileModel(await openReader(source, { ...readingOf(options), whole: true })));
}

/** A bundle. Asks the key. @throws what core throws */
export async function openDirectory(source: BundleAt, options: RunOptions): Promise<RunModel<Tree>> {
  return asTree(await openBundleModel(source, options));
}

function asFile(model: Model<Inode>): RunModel<Inode> {
  return {
    ...model,
    makers: (launch) => ({
      own: () => ownStage(launch, ownFile(launch.nameless)),
      existing: (existing) => existingFile(launch, existing),
    }),
  };
}

export function asTree(model: Model<Tree>): RunModel<Tree> {
  return {
    ...model,
    makers: (launch) => ({
      own: () => ownStage(launch, ownTree(launch)),
      existing: (existing) => existingTree(launch, existing),
    }),
  };
}

import { type BundleReader, openBundle } from '@weightseal/core';
import type { LoadOptions } from './load.js';
import type { Model } from './model.js';
import { needOf } from './need.js';
import type { Tree } from './tree/tree.js';

/** What of core's reader is needed. */
export type Bundle = Pick<BundleReader, 'opened' | typeof Symbol.asyncDispose> & {
  members(only?: readonly string[]): readonly Member[];
  writeTo(
    directory: string,
    options: Parameters<BundleReader['writeTo']>[1],
  ): ReturnType<BundleReader['writeTo']>;
};
export type Member = ReturnType<BundleReader['members']>[number];

/** Asks the key. @throws what `openBundle` throws, MEMBER_NOT_FOUND */
export async function openBundleModel(directory: string, options: LoadOptions): Promise<Model<Tree>> {
  const { keys, context, hedgeMs, signal, allowExtra, only } = options;
  const reader = await openBundle(directory, { keys, context, hedgeMs, signal, allowExtra });
  try {
    return bundleModel(reader, only);
  } catch (error) {
    await reader.close();
    throw error;
  }
}

/** A bundle, or those of its members that are wanted. */
export function bundleModel(reader: Bundle, only?: readonly string[]): Model<Tree> {
  const members = reader.members(only);
  const sizes = members.flatMap((member) => ('size' in member ? [member.size] : []));
  return {
    name: reader.opened.name,
    // One more is the directory itself.
    need: needOf(sizes, members.length - sizes.length + 1),
    pour: (tree, options) => {
      for (const member of members) tree.expect(member);
      return reader.writeTo(tree.root, { ...options, only });
    },
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  };
}

import { type BundleReader, type Incomplete, openBundle } from '@weightseal/core';
import type { BundleAt } from './bundle-at.js';
import { checkComplete } from './incomplete.js';
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

/** Asks the key. @throws what `openBundle` throws, MEMBER_NOT_FOUND, BUNDLE_INCOMPLETE */
export async function openBundleModel(at: BundleAt, options: LoadOptions): Promise<Model<Tree>> {
  const { keys, context, trust, hedgeMs, signal, allowExtra, only } = options;
  const { allowIncomplete: allowed = false } = options;
  const reader = await openBundle(at, {
    keys,
    context,
    trust,
    hedgeMs,
    signal,
    allowExtra,
    whole: only === undefined,
  });
  try {
    const members = reader.members(only);
    // Who wants a part of it knows that it is one.
    const incomplete = only ? undefined : await checkComplete(reader, members, { allowed, signal });
    return modelOf(reader, members, only, incomplete);
  } catch (error) {
    await reader.close();
    throw error;
  }
}

/** A bundle, or those of its members that are wanted. */
export function bundleModel(reader: Bundle, only?: readonly string[]): Model<Tree> {
  return modelOf(reader, reader.members(only), only, undefined);
}

function modelOf(
  reader: Bundle,
  members: readonly Member[],
  only: readonly string[] | undefined,
  incomplete: readonly Incomplete[] | undefined,
): Model<Tree> {
  const sizes = members.flatMap((member) => ('size' in member ? [member.size] : []));
  return {
    name: reader.opened.name,
    // One more is the directory itself.
    need: needOf(sizes, members.length - sizes.length + 1),
    async pour(tree, options) {
      for (const member of members) tree.expect(member);
      const opened = await reader.writeTo(tree.root, { ...options, only });
      return { ...opened, ...(incomplete && { incomplete }) };
    },
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  };
}

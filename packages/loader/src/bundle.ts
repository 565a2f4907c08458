import type { Model, OpenedModel, PourOptions } from './model.js';
import { needOf } from './need.js';
import type { Tree, TreeMember } from './tree/tree.js';

/** What of core's reader of a bundle is needed. */
export interface Bundle extends AsyncDisposable {
  readonly opened: { readonly name?: string };
  members(only?: readonly string[]): readonly (TreeMember & { readonly size?: number })[];
  writeTo(
    directory: string,
    options: PourOptions & { readonly only?: readonly string[] | undefined },
  ): Promise<OpenedModel>;
}

/** A bundle, or those of its members that are wanted. */
export function bundleModel(reader: Bundle, only?: readonly string[]): Model<Tree> {
  const members = reader.members(only);
  const sizes = members.flatMap(({ size }) => (size === undefined ? [] : [size]));
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

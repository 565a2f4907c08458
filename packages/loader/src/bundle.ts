import type { FileHandle } from 'node:fs/promises';
import type { Model, OpenedModel, PourOptions } from './model.js';
import { needOf } from './need.js';
import type { Tree } from './tree/tree.js';

/** A member, as core tells it. */
export type Member =
  | {
      readonly kind: 'sealed' | 'public';
      readonly path: string;
      readonly size: number;
      readonly executable: boolean;
    }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

export interface Place {
  directory(path: string): Promise<void>;
  file(member: Extract<Member, { kind: 'sealed' | 'public' }>): Promise<FileHandle>;
  link(path: string, to: string): Promise<void>;
}

/** What of core's reader of a bundle is needed. */
export interface Bundle extends AsyncDisposable {
  readonly name: string | undefined;
  members(): readonly Member[];
  writeTo(
    place: Place,
    options: PourOptions & { readonly only?: readonly string[] | undefined },
  ): Promise<OpenedModel>;
}

/** A bundle, or those of its members that are wanted. */
export function bundleModel(reader: Bundle, only?: readonly string[]): Model<Tree> {
  const members = reader.members();
  const sizes = members.flatMap((member) => ('size' in member ? [member.size] : []));
  return {
    name: reader.name,
    // One more is the directory itself.
    need: needOf(sizes, members.length - sizes.length + 1),
    pour: (tree, options) =>
      reader.writeTo(
        {
          directory: (path) => tree.directory(path),
          file: ({ path, size, executable }) => tree.file(path, size, executable),
          link: (path, to) => tree.link(path, to),
        },
        { ...options, only },
      ),
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  };
}

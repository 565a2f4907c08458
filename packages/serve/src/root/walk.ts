import { MANIFEST_NAME, throwIfAborted } from '@weightseal/core';
import { documentOf, ENVELOPE, joined } from '../http/path.js';
import type { Name, Root } from './root.js';

const MAX_DEPTH = 64;

/** What is found below a root, for a list of it. */
export type Candidate =
  /** Below the root; empty for the root itself. */
  | { readonly kind: 'bundle'; readonly path: string }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly identity: string | undefined;
      /** What stands beside it under the name of its manifest. */
      readonly manifest: Name | undefined;
    };

/** What lies below a directory, in the order of names. One directory is open at a time, however deep they are. @param isBundle whether what is called an envelope is one */
export async function* walk(
  root: Pick<Root, 'names'>,
  isBundle: (path: string) => Promise<boolean>,
  signal: AbortSignal,
  path: string = '',
  depth: number = 0,
): AsyncGenerator<Candidate, void, undefined> {
  throwIfAborted(signal);
  const names = await root.names(path, signal);
  const beside = new Map(names.map((one) => [one.name, one]));
  if (beside.has(ENVELOPE) && (await isBundle(path))) {
    yield { kind: 'bundle', path };
    return;
  }
  for (const { name, kind, identity } of names) {
    if (name.startsWith('.')) continue;
    const at = joined(path, name);
    if (kind === 'directory') {
      if (depth < MAX_DEPTH) yield* walk(root, isBundle, signal, at, depth + 1);
    } else if (!documentOf(at)) {
      yield { kind: 'file', path: at, identity, manifest: beside.get(`${name}.${MANIFEST_NAME}`) };
    }
  }
}

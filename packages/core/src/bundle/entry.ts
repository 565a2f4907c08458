import { SEALED_SUFFIX } from './path.js';

export type MemberKind = 'sealed' | 'public' | 'directory' | 'link';

/** One line of the member table, but for what is bytes: that is in the record of this number. */
export interface Entry {
  readonly kind: MemberKind;
  readonly path: string;
  /** Bytes of plaintext; 0 for what is no file. */
  readonly size: number;
  readonly executable: boolean;
  /** Where the payload lies, if that is not the path and `.sealed`. */
  readonly payload: string | undefined;
  /** The path of the member that a link leads to. */
  readonly target: string | undefined;
  /** The number of its record; −1 for what is no file. */
  readonly record: number;
}

export function isFile(entry: Entry): boolean {
  return entry.record >= 0;
}

/** The name in the bundle of what a member's bytes lie in. */
export function fileOf({ kind, path, payload }: Entry): string {
  return kind === 'public' ? path : (payload ?? `${path}${SEALED_SUFFIX}`);
}

/** What a file must be, where that is known before it comes. */
export interface Expected {
  /** Of the bytes from `offset` to its end, in hexadecimal. */
  readonly sha256: string;
  /** What comes before has no digest: the envelope of a sealed file, which a rewrap changes. */
  readonly offset: number;
}

/**
 * What is checked of a copy while it comes, so that nothing gets its name that is not what was released.
 *
 * @hidden
 */
export interface CopyChecks {
  /** By its path in the bundle; empty for a file by itself. Undefined for what nothing is known of. */
  expected(path: string): Expected | undefined;
  /** A path on this machine where the same may lie already. It is copied, and hashed, before it counts. */
  local?(path: string): string | undefined;
  /** Told of what was taken from there, or was at the target already: of a file, or of a part of it when all of it is there. */
  onPresent?(path: string, how: 'reused' | 'present', bytes: number): void;
  /**
   * What has come is something else, and was thrown away. It comes anew when this returns.
   *
   * @param mixed whether some of it had come before, and nobody can tell from where
   * @throws what the copy ends with
   */
  onOther(path: string, mixed: boolean): void;
}

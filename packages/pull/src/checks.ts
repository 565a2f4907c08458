import type { CopyChecks, Expected, StoreLocation } from '@weightseal/core';
import type { MirroredStore } from './mirrored.js';
import { keyAt } from './pins.js';
import type { FindLocal } from './previous.js';
import type { JudgedRelease } from './released.js';

/** What a copy is compared with, and what it told of what needed not come. */
export interface PullChecks extends CopyChecks {
  /** Bytes. */
  readonly reused: number;
  readonly present: number;
}

/** @param place whose keys the store has */
export function checksOf(
  { kind, manifest, file }: JudgedRelease,
  place: StoreLocation,
  store: MirroredStore,
  local: FindLocal | undefined,
): PullChecks {
  const sizes = new Map(manifest.files.map(({ path, size }) => [path, size]));
  const expected = new Map(
    manifest.files.map(({ path, sha256 }): [string, Expected] =>
      kind === 'file' ? ['', { sha256, offset: file!.offset }] : [path, { sha256, offset: 0 }],
    ),
  );
  const bytes = { reused: 0, present: 0 };
  return {
    expected: (path) => expected.get(path),
    local: (path) => local?.(expected.get(path)!.sha256, sizes.get(path)!),
    onPresent: (_path, how, size) => {
      bytes[how] += size;
    },
    onOther: (path, mixed) => store.refuse(keyAt(place, kind, path), mixed),
    get reused() {
      return bytes.reused;
    },
    get present() {
      return bytes.present;
    },
  };
}

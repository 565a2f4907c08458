import { createHash } from 'node:crypto';
import { below, type StoreLocation } from '@weightseal/core';
import type { JudgedRelease } from './released.js';

/** An object of the release, as its manifest has it. */
export interface Pin {
  /** In the bundle; of a file, what comes after its name. */
  readonly name: string;
  readonly size: number;
  /** The same wherever it comes from. */
  readonly version: string;
  /** Its beginning, where that is known and comes from nobody any more. */
  readonly known: Uint8Array;
}

const NONE = new Uint8Array(0);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** All objects that there are, by their keys at a place. What is no part of the release is not there. */
export function pinsOf(release: JudgedRelease, place: StoreLocation): ReadonlyMap<string, Pin> {
  const { kind, manifest, documents, file } = release;
  const pins = new Map<string, Pin>();
  const add = (pin: Pin): void => void pins.set(keyAt(place, kind, pin.name), pin);
  for (const [name, bytes] of documents)
    if (bytes)
      add({
        name: kind === 'file' ? `.${name}` : name,
        size: bytes.length,
        version: sha256(bytes),
        known: bytes,
      });
  if (file) {
    const { head, size } = file;
    add({ name: '', size, version: `${manifest.files[0]!.sha256}-${sha256(head)}`, known: head });
  } else
    for (const { path, size, sha256: version } of manifest.files)
      add({ name: path, size, version, known: NONE });
  return pins;
}

export function keyAt(place: StoreLocation, kind: 'file' | 'bundle', name: string): string {
  return kind === 'bundle' ? below(place, name).key : `${place.key}${name}`;
}

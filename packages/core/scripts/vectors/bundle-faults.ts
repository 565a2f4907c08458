import type { BundleFault } from './bundle-fault.js';
import { documents, storage } from './bundle-storage.js';
import { tables } from './bundle-tables.js';

export function bundleFaults(): BundleFault[] {
  return [...storage(), ...documents(), ...tables()];
}

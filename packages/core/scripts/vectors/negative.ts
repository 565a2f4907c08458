import { documentVectors } from './negative-documents.js';
import { copyVectors, preambleVectors } from './negative-head.js';
import { payloadVectors } from './negative-payload.js';
import type { NegativeVector } from './types.js';

export function negativeVectors(): NegativeVector[] {
  return [...preambleVectors(), ...copyVectors(), ...documentVectors(), ...payloadVectors()];
}

import { documentVectors } from './negative-documents.js';
import { copyVectors, preambleVectors } from './negative-head.js';
import { metadataVectors } from './negative-metadata.js';
import { payloadVectors } from './negative-payload.js';
import { ruleVectors } from './negative-rules.js';
import type { NegativeVector } from './types.js';

export function negativeVectors(): NegativeVector[] {
  return [
    ...preambleVectors(),
    ...copyVectors(),
    ...documentVectors(),
    ...ruleVectors(),
    ...metadataVectors(),
    ...payloadVectors(),
  ];
}

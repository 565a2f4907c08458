import type { KeyWrapper } from '@weightseal/core';

export function fixedKey(name: string, pad?: number): KeyWrapper;

import type { KeyWrapper } from '@weightseal/core';

export function secretsOf(path: string, unwrap: KeyWrapper['unwrap']): Promise<Record<string, Buffer>>;
export function kekOf(keyFile: string): Buffer;
export function spellings(secrets: Record<string, Buffer>): Record<string, Buffer>;

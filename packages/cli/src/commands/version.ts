import type { Result } from '../types.js';
import { version as ours } from '../version.js';

export async function version(): Promise<Result> {
  const value = { version: ours(), node: process.versions.node };
  return { value, lines: [value.version], essential: true };
}

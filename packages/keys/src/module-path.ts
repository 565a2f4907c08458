import { isAbsolute } from 'node:path';

/** Whether a module is named by its path, and not by its package. */
export function isModulePath(module: string): boolean {
  return /^\.{1,2}[/\\]/.test(module) || isAbsolute(module);
}

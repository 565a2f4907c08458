import { WeightsealError } from '../errors.js';
import { shown } from '../format/path.js';
import type { Entry } from './entry.js';

// FORMAT.md §22.5: names that a bundle may have, and that a system gives another meaning.

/** What stands for a device or a stream, with whatever after a dot; the superscripts count as digits. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])[ ]*(?:\.|$)/i;
const RESERVED = /[<>:"|?*]/;

/** Why that system cannot write a member of that path, to the end of a sentence; undefined where it can. */
export function systemPathProblem(path: string, platform: NodeJS.Platform): string | undefined {
  if (platform !== 'win32') return undefined;
  for (const name of path.split('/')) {
    const [reserved] = RESERVED.exec(name) ?? [];
    if (reserved !== undefined) return `Windows has no names with ${reserved} in them`;
    if (/[. ]$/.test(name)) return 'Windows takes a dot or a blank away from the end of a name';
    if (DEVICE.test(name)) return `to Windows ${shown(name)} is a device`;
  }
  return undefined;
}

/** Before anything is written. @throws PATH_INVALID */
export function checkSystemNames(entries: readonly Entry[]): void {
  for (const { path } of entries) {
    const problem = systemPathProblem(path, process.platform);
    if (problem === undefined) continue;
    throw new WeightsealError(
      'PATH_INVALID',
      `The member ${shown(path)} cannot be written here: ${problem}. Open the others (--only; \`only\` in a program), or read it with \`read\` or \`stream\`.`,
    );
  }
}

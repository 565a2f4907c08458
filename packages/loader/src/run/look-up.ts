import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { WeightsealError } from '@weightseal/core';

/** Where execvp(3) looks when there is no PATH. */
const DEFAULT_PATH = '/bin:/usr/bin';

/**
 * Finds a command as execvp(3) would, before any key is asked for it.
 *
 * @throws COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE
 */
export async function lookUp(command: string, path: string = DEFAULT_PATH): Promise<void> {
  const candidates = command.includes('/')
    ? [command]
    : path.split(':').map((directory) => `${directory || '.'}/${command}`);
  let forbidden = false;
  for (const candidate of command === '' ? [] : candidates) {
    const found = await stat(candidate).catch((error: NodeJS.ErrnoException) => error);
    if ('mode' in found) {
      const runs = found.isFile() && (await access(candidate, constants.X_OK).then(yes, no));
      if (runs) return;
      forbidden = true;
    } else forbidden ||= found.code === 'EACCES';
  }
  throw cannotRun(command, forbidden);
}

const yes = () => true;
const no = () => false;

/** What a shell tells by 126 and 127. */
export function cannotRun(command: string, found: boolean, cause?: unknown): WeightsealError {
  return found
    ? new WeightsealError(
        'COMMAND_NOT_EXECUTABLE',
        `The command ${JSON.stringify(command)} cannot be executed: check that it is a file, its mode, and the directories on the way.`,
        { cause },
      )
    : new WeightsealError(
        'COMMAND_NOT_FOUND',
        `The command ${JSON.stringify(command)} was not found; check how it is spelled${command.includes('/') ? ' and from where' : ', and PATH'}.`,
        { cause },
      );
}

import { stat } from 'node:fs/promises';

/** Whether a bundle is meant. What cannot be looked at is told where it is opened. */
export async function isDirectory(path: string): Promise<boolean> {
  return await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

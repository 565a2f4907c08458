import { stat } from 'node:fs/promises';
import { WeightsealError } from '../errors.js';
import { ENVELOPE_NAME, TABLE_NAME } from '../format/path.js';
import type { Directory } from '../io/output/directory.js';

/** To seal a bundle once more is nearly always a slip (`seal *`). @throws ALREADY_SEALED */
export async function checkPlain(root: Directory, path: string): Promise<void> {
  const there = await Promise.all(
    [ENVELOPE_NAME, TABLE_NAME].map((name) =>
      stat(root.at(name)).then(
        (stats) => stats.isFile(),
        () => false,
      ),
    ),
  );
  if (!there.every(Boolean)) return;
  throw new WeightsealError(
    'ALREADY_SEALED',
    `${path} is sealed already: it is a bundle. \`rewrap\` changes who opens it, and \`reseal\` gives it new keys; --seal-again, in a program \`sealAgain\`, seals it once more.`,
  );
}

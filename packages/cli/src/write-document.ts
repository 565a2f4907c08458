import { core } from './core.js';
import { Place } from './place.js';
import type { Args } from './types.js';

/** No document that is made here has so many bytes. */
const MOST_BYTES = 2 ** 31 - 1;

/** Puts a document to a path or a URI, whole and durable or not at all. @throws OUTPUT_EXISTS without --force where one is there */
export async function writeDocument(
  args: Args,
  output: string,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  const { changeDocument, WeightsealError } = await core();
  const exists = () =>
    new WeightsealError(
      'OUTPUT_EXISTS',
      `${output} exists already: --force replaces it, or choose another name.`,
    );
  const change = (before: Uint8Array | undefined): Promise<Uint8Array> => {
    if (before && !args.has('force')) throw exists();
    return Promise.resolve(Buffer.from(text));
  };
  await using to = await Place.of(args, output);
  await changeDocument(to.at, change, { mostBytes: MOST_BYTES, tooLong: exists, signal });
}

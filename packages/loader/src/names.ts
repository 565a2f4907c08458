import { basename } from 'node:path';
import { type InputAnywhere, isLocation, WeightsealError } from '@weightseal/core';

/** A name that every shell, library and log takes as it is. */
const HARMLESS = /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,199}$/;
const EXTENSION = /\.[A-Za-z0-9]{1,16}$/;

/**
 * The file name of the plaintext: the one that was asked for, else the original one, else the sealed file's. Whoever sealed the file chose the original one: of
 * what is not harmless only the extension is kept, by which many libraries choose a parser.
 *
 * @throws INVALID_ARGUMENT for a name that was asked for and is not harmless
 */
export function fileName(
  asked: string | undefined,
  original: string | undefined,
  source: Exclude<InputAnywhere, URL>,
): string {
  if (asked !== undefined && !HARMLESS.test(asked)) {
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'The name for the plaintext may have letters, digits and . _ + - only, and starts with a letter, a digit or _.',
    );
  }
  const place = typeof source === 'string' ? source : isLocation(source) ? source.key : undefined;
  const sealed = place === undefined ? 'model' : basename(place).replace(/\.sealed$/, '');
  const name = asked ?? original ?? sealed;
  return HARMLESS.test(name) ? name : `model${EXTENSION.exec(name)?.[0] ?? ''}`;
}

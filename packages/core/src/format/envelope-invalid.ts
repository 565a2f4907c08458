import { WeightsealError } from '../errors.js';

/** FORMAT.md §5.4. `reason` never repeats the document: it may be hostile. */
export function envelopeInvalid(reason: string): WeightsealError {
  return new WeightsealError(
    'ENVELOPE_INVALID',
    `The envelope cannot be used: ${reason}. Get a sound copy of the file.`,
  );
}

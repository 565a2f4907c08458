import { isWeightsealError, WeightsealError } from '@weightseal/core';

/** What was sealed is authentic, and not what it should be: `what` goes on after "safetensors file:". */
export function invalid(what: string): WeightsealError {
  return new WeightsealError(
    'SAFETENSORS_INVALID',
    `The sealed file holds no sound safetensors file: ${what}. Seal a sound one.`,
  );
}

/** Of an index, whose shards are members of a bundle. */
export function invalidIndex(index: string, what: string): WeightsealError {
  return new WeightsealError(
    'SAFETENSORS_INVALID',
    `${quoted(index)} is no sound index of safetensors files: ${what}. Seal the model with a sound one.`,
  );
}

/** The error, with the member of a bundle that it is about. */
export function inMember(error: unknown, member: string): unknown {
  if (!isWeightsealError(error) || error.code !== 'SAFETENSORS_INVALID') return error;
  return new WeightsealError(error.code, `${quoted(member)}: ${error.message}`, { cause: error });
}

const SHOWN = 100;
// C1 controls, and what turns the direction of text: JSON leaves them as they are, a terminal does not.
const unseen = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A name for a message: short, on one line, and harmless on a terminal. */
export function quoted(name: string): string {
  const shown = name.length > SHOWN ? `${name.slice(0, SHOWN)}…` : name;
  return JSON.stringify(shown).replace(
    unseen,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

import { passError } from '../engine/pass.js';
import { TaskError } from '../engine/task.js';
import { type ErrorCode, isWeightsealError, WeightsealError } from '../errors.js';
import { shown } from '../format/path.js';
import { saysLink } from '../io/below/rules.js';
import { inputChanged } from '../io/byte-source.js';

const NOT_THERE = ['ENOENT', 'ENOTDIR'];
/** A device, a pipe or a directory in a member's place, as open(2) tells them. */
export const NO_FILE: readonly string[] = ['ENXIO', 'EISDIR'];
export const IS_LINK =
  'is a link, and those are followed only where a bundle in the cache of a hub is read; copy the bundle with what its links lead to (cp -rL)';

export function memberMissing(file: string): WeightsealError {
  return new WeightsealError(
    'MEMBER_MISSING',
    `The bundle lacks ${shown(file)}, which its table names; get a whole copy of it, or open only what is there.`,
  );
}

export function memberTampered(file: string, why: string, cause?: unknown): WeightsealError {
  return new WeightsealError(
    'MEMBER_TAMPERED',
    `${shown(file)} is not what was sealed: ${why}. Get a sound copy of it.`,
    cause === undefined ? {} : { cause },
  );
}

/** The error for whatever a member of a bundle was refused with. */
export function openError(error: unknown, file: string): Error {
  if (isWeightsealError(error)) {
    if (error.class !== 'integrity' || isOurs(error.code)) return error;
    return memberTampered(file, lower(error.message), error);
  }
  if (!(error instanceof TaskError)) return passError(error, `open ${shown(file)}`);
  const { told, position, writing, system, message, short } = error.failure;
  if (told === 'MEMBER_MISSING') return memberMissing(file);
  if (told === 'DIGEST_MISMATCH') return digestMismatch(file);
  if (told !== undefined || position !== undefined) return memberTampered(file, message);
  const code = String(system?.code ?? '');
  if (!writing && NOT_THERE.includes(code)) return memberMissing(file);
  if (!writing && saysLink({ code })) return memberTampered(file, `it ${IS_LINK}`);
  if (!writing && NO_FILE.includes(code)) return memberTampered(file, 'it is no regular file');
  if (short) return inputChanged(file);
  return passError(error, `open ${shown(file)}`);
}

function isOurs(code: ErrorCode): boolean {
  return /^(?:MEMBER|TABLE|ENVELOPE|DIGEST)_/.test(code);
}

/** What is wrong with it, without the advice, which is ours. */
function lower(message: string): string {
  const why = message.replace(/ Get a sound copy[^.]*\.$/, '').replace(/\.$/, '');
  return why.charAt(0).toLowerCase() + why.slice(1);
}

export function digestMismatch(file: string): WeightsealError {
  return new WeightsealError(
    'DIGEST_MISMATCH',
    `Every segment of ${shown(file)} is authentic, and yet the plaintext does not have the digest that was sealed with it: it was sealed from a file that changed. Seal it again.`,
  );
}

/** Likewise, for a file that is to be sealed. */
export function sealError(error: unknown, path: string): Error {
  if (!(error instanceof TaskError)) return passError(error, `seal ${shown(path)}`);
  const { told, short } = error.failure;
  if (told === 'INPUT_CHANGED' || short) return inputChanged(shown(path));
  return passError(error, `seal ${shown(path)}`);
}

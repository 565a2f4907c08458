import { ioError, isWeightsealError, systemFailure, WeightsealError } from '@weightseal/core';

/** The error for what the system says of a place: what is missing there is no input, and what is there already no output of the caller's. */
export function placeError(error: unknown, doing: string): WeightsealError {
  const told = ioError(error, doing);
  if (told.code !== 'INPUT_NOT_FOUND' && told.code !== 'OUTPUT_EXISTS') return told;
  return new WeightsealError('IO_ERROR', told.message, { cause: error });
}

/** Whether it was the process that lacks something: then another place is no better. */
export function isShortage({ cause }: WeightsealError): boolean {
  return SHORTAGES.includes(systemFailure(cause)?.errno ?? '');
}

const TOO_LONG = 'E2BIG';
const SHORTAGES = ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', TOO_LONG];

/** The error for a program that the system does not start. */
export function startError(error: unknown, program: string): WeightsealError {
  const told = placeError(error, `start ${program}`);
  if (systemFailure(error)?.errno !== TOO_LONG) return told;
  return new WeightsealError(
    'IO_ERROR',
    `Could not start ${program}. Its words and its environment are longer than the system allows (a quarter of ulimit -s; a byte that is not UTF-8 takes four on its way); pass less, or raise the limit.`,
    { cause: error },
  );
}

/** For what may do without: undefined, unless it was the process that lacked something. @throws that */
export function unlessShort(error: unknown): undefined {
  const told = isWeightsealError(error) ? error : placeError(error, 'make a place for the plaintext');
  if (isShortage(told)) throw told;
  return undefined;
}

import { ioError, systemFailure, WeightsealError } from '@weightseal/core';

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

const SHORTAGES = ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN'];

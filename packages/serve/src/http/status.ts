import { type ErrorCode, isWeightsealError, WeightsealError } from '@weightseal/core';

/** What the server itself says to a client: those sentences go out as they are. */
const OURS = new WeakSet<WeightsealError>();

/** Of what is refused by its code. All else is 500. */
const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  INPUT_NOT_FOUND: 404,
  INPUT_CHANGED: 503,
  STORE_THROTTLED: 503,
  STORE_UNAVAILABLE: 503,
  STORE_TIMEOUT: 503,
};
const OF_OURS: Readonly<Partial<Record<ErrorCode, number>>> = {
  ...STATUS,
  INVALID_ARGUMENT: 400,
  STORE_THROTTLED: 429,
};

/** What a client is told of the rest: other sentences name places of this machine or of its store, and models that the client may not have. */
const SENTENCES: Readonly<Record<number, string>> = {
  403: 'This client may not have that; the log of the server says why.',
  404: 'There is nothing of that name here.',
  503: 'It cannot be read at the moment. Try again after the seconds of Retry-After.',
};

export function statusOf(error: WeightsealError): number {
  const status = (OURS.has(error) ? OF_OURS : STATUS)[error.code];
  return status ?? (error.class === 'trust' ? 403 : 500);
}

/** Whether nothing is wrong inside: it has no cause there. */
export function isOurs(error: WeightsealError): boolean {
  return (OURS.has(error) && error.cause === undefined) || error.code === 'INPUT_CHANGED';
}

/** A code, and a sentence that tells nothing of what is inside. */
export function problemBody(error: WeightsealError): string {
  const message = OURS.has(error) ? error.message : SENTENCES[statusOf(error)];
  return `${JSON.stringify({ code: error.code, message: message ?? 'The server failed; its log says how.' })}\n`;
}

export function asRefusal(error: unknown): WeightsealError {
  if (isWeightsealError(error)) return error;
  return new WeightsealError('INTERNAL', 'The request failed inside the server.', { cause: error });
}

export function notFound(): WeightsealError {
  return ours(
    'INPUT_NOT_FOUND',
    'There is nothing of that name here, or it is not sealed. Look at the index, at /.',
  );
}

export function invalid(why: string): WeightsealError {
  return ours('INVALID_ARGUMENT', why);
}

/** What a condition says is there is not. */
export function isAnother(): WeightsealError {
  return ours('INPUT_CHANGED', 'What is here now is not what the request names. Ask for it anew.');
}

/** The server has too much to do, or cannot just now. */
export function busy(why: string, cause?: unknown): WeightsealError {
  return ours('STORE_UNAVAILABLE', `${why}. Try again after the seconds of Retry-After.`, cause);
}

/** This client has too much of it. */
export function tooMuch(why: string): WeightsealError {
  return ours('STORE_THROTTLED', `${why}. Try again after the seconds of Retry-After.`);
}

function ours(code: ErrorCode, message: string, cause?: unknown): WeightsealError {
  const error = new WeightsealError(code, message, cause === undefined ? {} : { cause });
  OURS.add(error);
  return error;
}

/** To be told to a client. */
export function changed(): WeightsealError {
  return ours('INPUT_CHANGED', 'The file has changed meanwhile. Ask again.');
}

import { type ErrorCode, isWeightsealError, WeightsealError } from '@weightseal/core';

/** Of what is refused by its code. All else is 500. */
const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  INPUT_NOT_FOUND: 404,
  INVALID_ARGUMENT: 400,
  INPUT_CHANGED: 503,
  STORE_THROTTLED: 429,
  STORE_UNAVAILABLE: 503,
  STORE_TIMEOUT: 503,
};

export function statusOf({ code, class: of }: Pick<WeightsealError, 'code' | 'class'>): number {
  return STATUS[code] ?? (of === 'trust' ? 403 : 500);
}

/** What a client is told: a code, and a sentence that names neither paths of this machine nor what went wrong inside. */
export function problemBody(error: WeightsealError): string {
  const message = statusOf(error) === 500 ? 'The server failed; its log says how.' : error.message;
  return `${JSON.stringify({ code: error.code, message })}\n`;
}

export function asRefusal(error: unknown): WeightsealError {
  if (isWeightsealError(error)) return error;
  return new WeightsealError('INTERNAL', 'The request failed inside the server.', { cause: error });
}

export function notFound(): WeightsealError {
  return new WeightsealError(
    'INPUT_NOT_FOUND',
    'There is nothing of that name here, or it is not sealed. Look at the index, at /.',
  );
}

/** The server has too much to do, or cannot just now. */
export function busy(why: string, cause?: unknown): WeightsealError {
  return new WeightsealError(
    'STORE_UNAVAILABLE',
    `${why}. Try again after the seconds of Retry-After.`,
    cause === undefined ? {} : { cause },
  );
}

/** This client has too much of it. */
export function tooMuch(why: string): WeightsealError {
  return new WeightsealError('STORE_THROTTLED', `${why}. Try again after the seconds of Retry-After.`);
}

/** To be told to a client. */
export function changed(): WeightsealError {
  return new WeightsealError('INPUT_CHANGED', 'The file has changed meanwhile. Ask again.');
}

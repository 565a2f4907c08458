import { isWeightsealError } from '@weightseal/core';

/** An answer that is no success: a status, and a code that says why. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

/** The code of any error, and never its message: that is for whoever runs the server, and names its files. */
export function refusalFor(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (!isWeightsealError(error)) return new Refusal(500, 'INTERNAL');
  // Of these another try makes no difference.
  const final = ['usage', 'format', 'integrity', 'context'].includes(error.class);
  return new Refusal(final ? 422 : 503, error.code);
}

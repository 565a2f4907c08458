import type { ErrorClass, ErrorCode } from '@weightseal/core';

/** A failure of the command line itself. Not core's WeightsealError: a typing error should not have to load core. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: ErrorCode;
  readonly class: ErrorClass;
  constructor(code: ErrorCode, errorClass: ErrorClass, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.class = errorClass;
  }
}

/** What the system refused to the command line itself. The library, which is loaded to tell of it, has the sentence for it. */
export class SystemError extends CliError {
  readonly doing: string;
  constructor(doing: string, cause: unknown) {
    const { code = 'no reason' } = cause as NodeJS.ErrnoException;
    super('IO_ERROR', 'io', `Could not ${doing}. The system said ${code}.`, { cause });
    this.doing = doing;
  }
}

export function usageError(message: string): CliError {
  return new CliError('INVALID_ARGUMENT', 'usage', message);
}

/** Whoever read our output has stopped reading: `weightseal inspect x | head -1`. No cause for a message. */
export function readerLeft(error: unknown): boolean {
  return error instanceof CliError && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'EPIPE';
}

import { util } from './builtins.js';
import { CliError, readerLeft } from './cli-error.js';
import { core } from './core.js';
import { EXIT_CODES } from './exit-codes.js';
import { write } from './output.js';
import type { StopSignal } from './signals.js';
import { printable } from './text.js';

const SIGNAL_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export type Told = Pick<CliError, 'code' | 'class' | 'message'> & { readonly failures?: readonly Told[] };

/** Tells of a failure on standard error, and returns the exit code that it has. */
export async function tellFailure(
  error: unknown,
  json: boolean,
  stopped: StopSignal | undefined,
): Promise<number> {
  const failure = stopped
    ? new CliError('ABORTED', 'aborted', `Stopped by ${stopped}.`, { cause: error })
    : await told(error);
  try {
    if (json) write(2, `${printable(JSON.stringify({ error: plain(failure) }))}\n`);
    else if (!readerLeft(error)) write(2, lines(failure).join('\n').concat('\n'));
    if (process.env['WEIGHTSEAL_DEBUG'] === '1') tellStack(error);
  } catch {
    // Nobody reads standard error any more; the exit code still tells.
  }
  return stopped ? SIGNAL_CODES[stopped] : EXIT_CODES[failure.class];
}

/** What there is to say of an error, whoever's it is. */
export async function told(error: unknown): Promise<Told> {
  if (error instanceof CliError) return error;
  const { isWeightsealError } = await core();
  if (isWeightsealError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new CliError(
    'INTERNAL',
    'internal',
    `Unexpected: ${message}. Please report it, with what WEIGHTSEAL_DEBUG=1 shows.`,
  );
}

function lines({ code, message }: Told): string[] {
  return [`weightseal: ${printable(message)}`, `  code: ${code} (docs/errors.md)`];
}

function plain({ code, class: errorClass, message, failures = [] }: Told): object {
  return { code, class: errorClass, message, ...(failures.length > 0 && { failures: failures.map(plain) }) };
}

function tellStack(error: unknown): void {
  for (const line of util.inspect(error).split('\n')) write(2, `${printable(line)}\n`);
}

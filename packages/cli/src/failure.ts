import { util } from './builtins.js';
import { warnings } from './captured.js';
import { CliError, readerLeft, SystemError } from './cli-error.js';
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
    ? new CliError('ABORTED', 'aborted', `Stopped by ${stopped}.${stoppedWork(error)}`, { cause: error })
    : await told(error);
  try {
    const stack = process.env['WEIGHTSEAL_DEBUG'] === '1' ? util.inspect(error) : undefined;
    if (json)
      write(2, `${printable(JSON.stringify({ error: plain(failure), ...(await warnings()), stack }))}\n`);
    else if (!readerLeft(error)) write(2, [...lines(failure), ''].join('\n'));
    if (!json && stack !== undefined) write(2, stack.split('\n').map(printable).join('\n').concat('\n'));
  } catch {
    // Nobody reads standard error any more; the exit code still tells.
  }
  return stopped ? SIGNAL_CODES[stopped] : EXIT_CODES[failure.class];
}

/** What a command itself has to say of it. */
function stoppedWork(error: unknown): string {
  return error instanceof CliError && error.code === 'ABORTED' ? ` ${error.message}` : '';
}

/** What there is to say of an error, whoever's it is. */
export async function told(error: unknown): Promise<Told> {
  if (error instanceof CliError && !(error instanceof SystemError)) return error;
  const library = await core().catch(() => undefined);
  if (!library) return toldAlone(error);
  if (library.isWeightsealError(error)) return error;
  if (error instanceof SystemError) return library.ioError(error.cause, error.doing);
  if (library.systemFailure(error)) return library.ioError(error, doingOf(error));
  return unexpected(error);
}

/** The machine has not even enough left to load the library: files, memory, or the permission to read it. */
function toldAlone(error: unknown): Told {
  if (error instanceof SystemError) return error;
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  if (!/^(E(?!RR_)[A-Z0-9]+|ERR_ACCESS_DENIED)$/.test(code ?? '')) return unexpected(error);
  const hint = 'raise the limits of open files and memory (ulimit -n, ulimit -v), or check the installation';
  return new CliError(
    'IO_ERROR',
    'io',
    `Could not load what the command needs. The system said ${code}: ${hint}.`,
  );
}

/** In the system's words: which call, and about which file. */
function doingOf(error: unknown): string {
  const { syscall, path } = error as NodeJS.ErrnoException;
  return [syscall ?? 'go on', path].filter((word) => word !== undefined).join(' ');
}

function unexpected(error: unknown): CliError {
  const message = error instanceof Error ? error.message : String(error);
  return new CliError(
    'INTERNAL',
    'internal',
    `Unexpected: ${message}. Please report it, with what WEIGHTSEAL_DEBUG=1 shows.`,
  );
}

/** The code, and how to read on without a network. */
export function codeLine(code: string): string {
  return `  code: ${code} (weightseal help ${code})`;
}

function lines({ code, message }: Told): string[] {
  return [`weightseal: ${printable(message)}`, codeLine(code)];
}

function plain({ code, class: errorClass, message, failures = [] }: Told): object {
  return { code, class: errorClass, message, ...(failures.length > 0 && { failures: failures.map(plain) }) };
}

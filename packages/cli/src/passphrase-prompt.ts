import { fs } from './builtins.js';
import { core } from './core.js';
import { write } from './output.js';
import { pauseStatus } from './status-line.js';
import { TerminalLine } from './terminal-line.js';

export interface Asking {
  /** A passphrase to seal with is asked for twice: a typing error in it would lose the file. */
  readonly fresh?: boolean;
  /** One that would be guessed is asked for again, unless told. */
  readonly allowWeakPassphrase?: boolean | undefined;
}

/** How often the terminal is looked at while nobody types. A read that waits could not be stopped. */
const LOOK_MS = 20;

/** How often one who makes a new passphrase may try. */
const TRIES = 3;

type Ask = (question: string) => Promise<Buffer>;

/** Asks once for all calls of this process, on the terminal, also while stdin brings the data. Gives out copies, which are wiped. */
export function passphrasePrompt(asking: Asking): (signal: AbortSignal) => Promise<Uint8Array> {
  let asked: Promise<Buffer> | undefined;
  return async (signal) => {
    asked ??= onTerminal(signal, asking.fresh ? (ask) => newOne(ask, asking) : (ask) => ask('Passphrase: '));
    return Buffer.from(await asked);
  };
}

async function newOne(ask: Ask, { allowWeakPassphrase = false }: Asking): Promise<Buffer> {
  const { weaknessOf } = await import('@weightseal/kms-local');
  for (let tries = 1; ; tries++) {
    const first = await ask('New passphrase: ');
    const weakness = allowWeakPassphrase || first.length === 0 ? undefined : weaknessOf(first);
    const problem =
      first.length === 0
        ? 'It is empty.'
        : weakness === undefined
          ? await repeated(ask, first)
          : `It would be guessed: ${weakness}.`;
    if (problem === undefined) return first;
    first.fill(0);
    if (tries < TRIES) write(2, `${problem} Try again.\n`);
    else if (weakness === undefined) throw await required(problem);
    else throw await tooWeak(problem);
  }
}

/** What is wrong with the second time, if anything. */
async function repeated(ask: Ask, first: Buffer): Promise<string | undefined> {
  let second: Buffer;
  try {
    second = await ask('Once more: ');
  } catch (error) {
    first.fill(0);
    throw error;
  }
  const same = first.equals(second);
  second.fill(0);
  return same ? undefined : 'The two that you typed differ.';
}

/** All questions on one terminal: what was typed or pasted ahead of the next one is its answer, and what comes after the last stays there. */
async function onTerminal(signal: AbortSignal, talk: (ask: Ask) => Promise<Buffer>): Promise<Buffer> {
  using _ = pauseStatus();
  const { O_RDWR, O_NOCTTY, O_NONBLOCK } = fs.constants;
  const { ReadStream } = process.getBuiltinModule('node:tty');
  let fd: number;
  try {
    fd = fs.openSync('/dev/tty', O_RDWR | O_NOCTTY | O_NONBLOCK);
  } catch {
    throw await required('There is no terminal to ask on.');
  }
  const mode = new ReadStream(fs.openSync('/dev/tty', O_RDWR | O_NOCTTY));
  // Whoever reports the abort may end the process at once: the terminal is as it was by then, and the report is on a line of its own.
  const onAbort = () => {
    mode.setRawMode(false);
    write(2, '\n');
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    mode.setRawMode(true);
    return await talk(async (question) => {
      write(2, question);
      try {
        return await lineFrom(fd, signal);
      } finally {
        if (!signal.aborted) write(2, '\n');
      }
    });
  } finally {
    signal.removeEventListener('abort', onAbort);
    mode.setRawMode(false);
    mode.destroy();
    fs.closeSync(fd);
  }
}

async function lineFrom(fd: number, signal: AbortSignal): Promise<Buffer> {
  const line = new TerminalLine();
  const byte = new Uint8Array(1);
  try {
    for (;;) {
      signal.throwIfAborted();
      const read = readNow(fd, byte);
      if (read === undefined) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      else if (read === 0) throw await required('The terminal was closed before it came.');
      else {
        const typed = line.take(byte[0]!);
        if (typed === 'line') return line.copy();
        if (typed === 'end') throw await required('The terminal was closed before it came.');
        if (typed === 'too long') throw await required('It is longer than any passphrase.');
        // Without echo the terminal does not turn Ctrl-C into a signal either.
        if (typed === 'interrupt') await interrupted(signal);
      }
    }
  } finally {
    line.wipe();
    byte.fill(0);
  }
}

/** How many bytes there are now; undefined when there are none yet. */
function readNow(fd: number, into: Uint8Array): number | undefined {
  try {
    return fs.readSync(fd, into, 0, 1, null);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    // The other end of the terminal has gone.
    return 0;
  }
}

/** Until the signal has come round. */
async function interrupted(signal: AbortSignal): Promise<void> {
  process.kill(process.pid, 'SIGINT');
  while (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}

async function required(why: string): Promise<Error> {
  const { toSet, WeightsealError } = await core();
  const toDo = toSet('WEIGHTSEAL_PASSPHRASE');
  return new WeightsealError(
    'PASSPHRASE_REQUIRED',
    `No passphrase: ${why} ${toDo[0]!.toUpperCase()}${toDo.slice(1)}, or name a file that holds it: passphrase:<path>.`,
  );
}

async function tooWeak(problem: string): Promise<Error> {
  const { WeightsealError } = await core();
  return new WeightsealError(
    'PASSPHRASE_WEAK',
    `No passphrase to seal with: ${problem} Use several unrelated words; --allow-weak-passphrase takes any.`,
  );
}

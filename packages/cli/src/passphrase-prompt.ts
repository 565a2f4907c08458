import type { ReadStream } from 'node:tty';
import { fs } from './builtins.js';
import { core } from './core.js';
import { write } from './output.js';

export interface Asking {
  /** A passphrase to seal with is asked for twice: a typing error in it would lose the file. */
  readonly fresh?: boolean;
}

/** Asks once for all calls of this process, on the terminal, also while stdin brings the data. Gives out copies, which are wiped. */
export function passphrasePrompt({ fresh = false }: Asking): (signal: AbortSignal) => Promise<Uint8Array> {
  let asked: Promise<Buffer> | undefined;
  return async (signal) => {
    asked ??= fresh ? askTwice(signal) : ask('Passphrase: ', signal);
    return Buffer.from(await asked);
  };
}

async function askTwice(signal: AbortSignal): Promise<Buffer> {
  const first = await ask('New passphrase: ', signal);
  const second = await ask('Once more: ', signal);
  if (first.equals(second)) return first;
  throw await required('The two that you typed differ.');
}

async function ask(question: string, signal: AbortSignal): Promise<Buffer> {
  const input = await terminal();
  const { createInterface } = process.getBuiltinModule('node:readline/promises');
  const { Writable } = process.getBuiltinModule('node:stream');
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input, output: silent, terminal: true, historySize: 0 });
  // Without echo the terminal does not turn Ctrl-C into a signal either.
  reader.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const ended = new Promise<never>((_, reject) => {
    reader.once('close', () => required('The terminal was closed before it came.').then(reject));
  });
  try {
    write(2, question);
    return Buffer.from(await Promise.race([reader.question('', { signal }), ended]), 'utf8');
  } finally {
    ended.catch(() => {});
    reader.close();
    input.destroy();
    write(2, '\n');
  }
}

async function terminal(): Promise<ReadStream> {
  const { ReadStream } = process.getBuiltinModule('node:tty');
  try {
    return new ReadStream(fs.openSync('/dev/tty', 'r+'));
  } catch {
    throw await required('There is no terminal to ask on.');
  }
}

async function required(why: string): Promise<Error> {
  const { WeightsealError } = await core();
  return new WeightsealError(
    'PASSPHRASE_REQUIRED',
    `No passphrase: ${why} Set WEIGHTSEAL_PASSPHRASE, or name a file that holds it: passphrase:<path>.`,
  );
}

import { writeSync } from 'node:fs';
import { CliError } from './cli-error.js';

const NAMES = { 1: 'standard output', 2: 'standard error' } as const;
const RETRY_MS = 5;

/** Writes text. Not through process.stdout: to make that stream takes longer than to open a small file. */
export function write(fd: 1 | 2, text: string): void {
  let bytes: Uint8Array = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw failed(fd, error);
      // Another process has made the pipe non-blocking, and it is full.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}

/** Writes data to standard output, each chunk when the one before it is out, and returns how many bytes there were. */
export async function pour(stream: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<number> {
  let written = 0;
  let fail: (error: unknown) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failure.catch(() => {});
  // A reader that has stopped reading without leaving must not keep us from hearing the signal.
  signal.addEventListener('abort', () => fail(signal.reason), { once: true });
  process.stdout.once('error', (error) => fail(failed(1, error)));
  for await (const chunk of stream) {
    await Promise.race([new Promise<void>((done) => process.stdout.write(chunk, () => done())), failure]);
    written += chunk.length;
  }
  return written;
}

function failed(fd: 1 | 2, cause: unknown): CliError {
  const { code } = cause as NodeJS.ErrnoException;
  const [ours, hint] =
    code === 'ENOSPC'
      ? (['NO_SPACE', 'No space is left there.'] as const)
      : (['IO_ERROR', `The system said ${code}.`] as const);
  return new CliError(ours, 'io', `Could not write to ${NAMES[fd]}. ${hint}`, { cause });
}

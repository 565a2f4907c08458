import { fs } from './builtins.js';
import { writeData } from './captured.js';
import { SystemError } from './cli-error.js';
import { eraseStatus } from './status-line.js';

const NAMES = { 1: 'standard output', 2: 'standard error' } as const;
const RETRY_MS = 5;

/** Writes text. Not through process.stdout: to make that stream takes longer than to open a small file. */
export function write(fd: 1 | 2, text: string): void {
  eraseStatus();
  let bytes: Uint8Array = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(fs.writeSync(fd, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw failed(fd, error);
      // Another process has made the pipe non-blocking, and it is full.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}

/** Writes data to standard output, each chunk when the one before it is out, and returns how many bytes there were. */
export async function pour(stream: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<number> {
  // The callback of the write tells of the error; without a listener the event would end the process.
  process.stdout.on('error', () => {});
  // A reader that has stopped reading without leaving must not keep us from hearing the signal.
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => {});
  let written = 0;
  for await (const chunk of stream) {
    await Promise.race([writeOut(chunk), aborted]);
    written += chunk.length;
    // It is out. Left to the garbage collector, chunks would pile up to twice the memory that all else takes.
    if (chunk.buffer instanceof ArrayBuffer) chunk.buffer.transfer(0);
  }
  return written;
}

function writeOut(chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    writeData(chunk, (error) => (error ? reject(failed(1, error)) : resolve()));
  });
}

function failed(fd: 1 | 2, cause: unknown): SystemError {
  return new SystemError(`write to ${NAMES[fd]}`, cause);
}

import { fs } from './builtins.js';

/** What waits for a reader that does not read, in characters. Beyond that lines are lost, and counted: a log must not stop the work. */
const MOST = 4_194_304;
const RETRY_MS = 5;

/** Lines on standard output that come at any time, written without keeping anybody waiting. */
export class LogLines {
  #waiting: string[] = [];
  #length = 0;
  #writing: Promise<void> | undefined;
  /** Lines that nobody has read. */
  lost = 0;

  tell(line: string): void {
    if (this.#length + line.length > MOST) {
      this.lost++;
      return;
    }
    this.#waiting.push(`${line}\n`);
    this.#length += line.length;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const text = this.#waiting.join('');
      this.#waiting = [];
      this.#length = 0;
      try {
        await writeAll(Buffer.from(text));
      } catch {
        // Nobody reads it any more, and the work goes on.
        this.lost += text.split('\n').length - 1;
      }
    }
  }

  /** Resolves when all is written, or that has taken so long that nobody will read it. */
  async flush(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    await Promise.race([this.#writing, promise]);
    clearTimeout(timer);
  }
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const written = await new Promise<number | undefined>((resolve, reject) => {
      fs.write(1, bytes, done, bytes.length - done, null, (error, count) => {
        if (!error) resolve(count);
        // Another process has made the pipe non-blocking, and it is full.
        else if (error.code === 'EAGAIN') setTimeout(resolve, RETRY_MS, undefined);
        else reject(error);
      });
    });
    done += written ?? 0;
  }
}

import { constants, type FileHandle, open, rm } from 'node:fs/promises';
import { ioError } from '../errors.js';
import { durableFlags, makeDurable } from '../io/output/durable.js';
import { writeAt } from '../io/output/output-file.js';
import { thisBoot } from '../io/owner.js';

const FLAGS = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
const MAX_JOURNAL = 16_777_216;

/** Of what a file is a part, so far. */
export interface PartialOf {
  /** What is copied, and which bytes of that: its version. */
  readonly from: string;
  readonly version: string;
  /** Bytes of all of it. */
  readonly size: number;
  /** Bytes of a stretch. */
  readonly stretchBytes: number;
}

/**
 * A file that comes in stretches, in no order, and beside it which of them are there: whoever is killed has done that for the next. It has another name than the whole one until it is whole, since its
 * length says nothing. What the system had not written before it went down is not there afterwards, so that counts for as long as the system runs.
 */
export class PartialFile implements AsyncDisposable {
  /** Where the stretches begin that are there. */
  readonly done: ReadonlySet<number>;
  readonly #path: string;
  readonly #name: string;
  readonly #data: FileHandle;
  readonly #journal: FileHandle;
  #end: number;

  private constructor(
    path: string,
    name: string,
    data: FileHandle,
    journal: FileHandle,
    done: ReadonlySet<number>,
    end: number,
  ) {
    this.#path = path;
    this.#name = name;
    this.#data = data;
    this.#journal = journal;
    this.done = done;
    this.#end = end;
  }

  /** @param path in a directory of ours alone; @param name what messages call it */
  static async open(path: string, name: string, of: PartialOf): Promise<PartialFile> {
    const handles: FileHandle[] = [];
    try {
      const data = await open(path, FLAGS | durableFlags(), 0o666);
      handles.push(data);
      const journal = await open(journalOf(path), FLAGS, 0o600);
      handles.push(journal);
      const head = `${JSON.stringify({ ...of, boot: await thisBoot() })}\n`;
      const text = await textOf(journal);
      const done = text.startsWith(head) ? startsIn(text.slice(head.length), of) : undefined;
      if (done === undefined) {
        await data.truncate(0);
        await journal.truncate(0);
        await journal.write(head, 0);
      }
      const end = done === undefined ? Buffer.byteLength(head) : text.lastIndexOf('\n') + 1;
      return new PartialFile(path, name, data, journal, done ?? new Set(), end);
    } catch (error) {
      for (const handle of handles) await handle.close();
      throw ioError(error, `write ${name}`);
    }
  }

  /** @throws NO_SPACE, IO_ERROR */
  async write(bytes: Uint8Array, offset: number): Promise<void> {
    await writeAt(this.#data, bytes, offset, this.#name);
  }

  /** A stretch is there. */
  async mark(start: number): Promise<void> {
    const line = `${start}\n`;
    const at = this.#end;
    this.#end += line.length;
    await writeAt(this.#journal, Buffer.from(line), at, this.#name);
  }

  /** Makes all of it durable, and gives it its name by `move`. @throws IO_ERROR */
  async finish(move: (from: string) => Promise<void>): Promise<void> {
    await makeDurable(this.#data).catch((error: unknown) => {
      throw ioError(error, `write ${this.#name}`);
    });
    await move(this.#path);
    await rm(journalOf(this.#path), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#data.close(), this.#journal.close()]);
  }
}

function journalOf(path: string): string {
  return `${path}.done`;
}

async function textOf(journal: FileHandle): Promise<string> {
  const { size } = await journal.stat();
  if (size > MAX_JOURNAL) return '';
  const { buffer, bytesRead } = await journal.read(Buffer.alloc(size), 0, size, 0);
  // Text of another end than a line feed was being written.
  return buffer.toString('utf8', 0, bytesRead);
}

/** Undefined for what nobody of us has written. */
function startsIn(lines: string, { size, stretchBytes }: PartialOf): Set<number> | undefined {
  const done = new Set<number>();
  for (const line of lines.split('\n').slice(0, -1)) {
    const start = /^\d{1,15}$/.test(line) ? Number(line) : -1;
    if (start < 0 || start >= size || start % stretchBytes !== 0) return undefined;
    done.add(start);
  }
  return done;
}

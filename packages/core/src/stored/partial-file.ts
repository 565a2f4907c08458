import { constants, type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ioError } from '../errors.js';
import { durableFlags, makeDurable } from '../io/output/durable.js';
import { writeAt } from '../io/output/output-file.js';
import { knownBoot } from '../io/owner.js';
import { isOfOneMachine } from '../io/staging/mark.js';

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
 * length says nothing. What the system had not written before it went down is not there afterwards, so that counts for as long as the system runs; where nobody can tell how long that is, or whether
 * what was written comes to the disk (over a network), a stretch is made durable before it counts.
 */
export class PartialFile implements AsyncDisposable {
  /** Where the stretches begin that are there. */
  readonly done: ReadonlySet<number>;
  readonly #path: string;
  readonly #name: string;
  readonly #data: FileHandle;
  readonly #journal: FileHandle;
  readonly #synced: boolean;
  #end: number;
  #marking: Promise<void> = Promise.resolve();
  /** Whether some of it was not written: over a network, of bytes that came long before. */
  #lost = false;

  private constructor(
    path: string,
    name: string,
    data: FileHandle,
    { journal, done, end, synced }: Noted & { readonly journal: FileHandle; readonly synced: boolean },
  ) {
    this.#path = path;
    this.#name = name;
    this.#data = data;
    this.#journal = journal;
    this.done = done;
    this.#end = end;
    this.#synced = synced;
  }

  /** @param path in a directory of ours alone; @param name what messages call it */
  static async open(path: string, name: string, of: PartialOf): Promise<PartialFile> {
    const handles: FileHandle[] = [];
    const opened = async (at: string, flags: number, mode: number): Promise<FileHandle> => {
      const handle = await open(at, FLAGS | flags, mode);
      handles.push(handle);
      return handle;
    };
    try {
      const journal = await opened(journalOf(path), 0, 0o600);
      const [boot, local] = await Promise.all([knownBoot(), isOfOneMachine(dirname(path))]);
      const head = `${JSON.stringify({ ...of, boot: boot ?? '' })}\n`;
      const noted = notedIn(await bytesOf(journal), head, of);
      const found = await opened(path, durableFlags(), 0o666);
      const synced = boot === undefined || !local;
      if (noted && (await holds(found, noted, of)))
        return new PartialFile(path, name, found, { ...noted, journal, synced });
      await journal.truncate(0);
      // Not emptied: who was killed just then may have given it its name.
      await found.close();
      await rm(path);
      const data = await opened(path, constants.O_EXCL | durableFlags(), 0o666);
      await writeAt(journal, Buffer.from(head), 0, name);
      return new PartialFile(path, name, data, {
        journal,
        done: new Set(),
        end: Buffer.byteLength(head),
        synced,
      });
    } catch (error) {
      for (const handle of handles) await handle.close();
      throw ioError(error, `write ${name}`);
    }
  }

  get fd(): number {
    return this.#data.fd;
  }

  /** Nobody goes on with it. */
  async forget(): Promise<void> {
    await this.#journal.truncate(0);
  }

  /** @throws NO_SPACE, IO_ERROR */
  async write(bytes: Uint8Array, offset: number): Promise<void> {
    await writeAt(this.#data, bytes, offset, this.#name).catch((error: unknown) => {
      this.#lost = true;
      throw error;
    });
  }

  /** A stretch is there. @throws NO_SPACE, IO_ERROR */
  async mark(start: number): Promise<void> {
    if (this.#synced) {
      await this.#sync();
      // The system tells it once, and not of which bytes.
      if (this.#lost) return;
    }
    const line = Buffer.from(`${start}\n`);
    // One after the other: a record with a hole in it is none.
    this.#marking = this.#marking.then(async () => {
      await writeAt(this.#journal, line, this.#end, this.#name);
      this.#end += line.length;
    });
    await this.#marking;
  }

  /** Makes all of it durable, and gives it its name by `move`. @throws IO_ERROR */
  async finish(move: (from: string) => Promise<void>): Promise<void> {
    await this.#sync().catch(async (error: unknown) => {
      await this.#journal.truncate(0).catch(() => {});
      throw error;
    });
    await move(this.#path);
    await rm(journalOf(this.#path), { force: true });
  }

  /** @throws NO_SPACE, IO_ERROR */
  async #sync(): Promise<void> {
    await makeDurable(this.#data).catch((error: unknown) => {
      this.#lost = true;
      throw ioError(error, `write ${this.#name}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#data.close(), this.#journal.close()]);
  }
}

function journalOf(path: string): string {
  return `${path}.done`;
}

async function bytesOf(journal: FileHandle): Promise<Buffer> {
  const { size } = await journal.stat();
  const bytes = Buffer.alloc(size > MAX_JOURNAL ? 0 : size);
  const { bytesRead } = await journal.read(bytes, 0, bytes.length, 0);
  return bytes.subarray(0, bytesRead);
}

/** What a journal says, and where it goes on. */
interface Noted {
  readonly done: ReadonlySet<number>;
  readonly end: number;
}

/** Undefined for what nobody of us has written, or of something else. */
function notedIn(bytes: Buffer, head: string, { size, stretchBytes }: PartialOf): Noted | undefined {
  const text = bytes.toString('utf8');
  if (!text.startsWith(head)) return undefined;
  const done = new Set<number>();
  // Text of another end than a line feed was being written.
  for (const line of text.slice(head.length).split('\n').slice(0, -1)) {
    const start = /^\d{1,15}$/.test(line) ? Number(line) : -1;
    if (start < 0 || start >= size || start % stretchBytes !== 0) return undefined;
    done.add(start);
  }
  return { done, end: bytes.lastIndexOf('\n') + 1 };
}

/** Whether the file is the one that the record is of: who was killed just when that got its name has left a record, and nothing or something that has two names. */
async function holds(file: FileHandle, { done }: Noted, { size, stretchBytes }: PartialOf): Promise<boolean> {
  const found = await file.stat();
  let end = 0;
  for (const start of done) end = Math.max(end, Math.min(size, start + stretchBytes));
  return found.nlink <= 1 && found.size >= end;
}

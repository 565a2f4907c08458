import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash } from '../common/crypto.js';
import type { LockedFile } from '../io/lock/file-lock.js';
import { openOwn } from '../io/lock/own-file.js';
import { writeAt } from '../io/output/output-file.js';
import { stateDirectory } from '../io/state-directory.js';

/** Where records are, in the directory of what outlives a process. */
const UPLOADS = 'uploads';
/** Of S3's longest ticket, of 10,000 parts, and what stands around it. */
const MAX_BYTES = 262_144;
/** Longer than any store keeps what nobody goes on with, unless it is told to keep it for ever. */
const STALE_MS = 30 * 86_400_000;

/** What is uploaded, and where. */
export interface UploadOf {
  readonly to: string;
  /** What says that it is the very same bytes: `OpenPiece.identity`. */
  readonly from: string;
  /** Bytes. */
  readonly size: number;
  /** On what it depends that the object becomes visible, as JSON. */
  readonly condition: string;
}

/** How far an upload has come. */
export interface Begun {
  /** Bytes of each part but the last. */
  readonly partBytes: number;
  /** Whether the store copies them by itself. */
  readonly copies: boolean;
  readonly ticket: string;
}

/** How far another process has come. */
export type Earlier = Begun & UploadOf;

/**
 * What is remembered of an upload under way, for the next one to the same place if it is cut off: in the user's own state directory, since a ticket may let anybody write the object. One at a time has it. It is
 * written anew by one call of the system each time, so that a kill leaves the old one or the new; what a machine that went down has made of it is no record, or of parts that the store is asked about.
 */
export class UploadRecord implements AsyncDisposable {
  /** What was begun before, of the very same. */
  readonly earlier: Earlier | undefined;
  /** What was begun before, of something else: nobody goes on with that any more. */
  readonly outdated: Earlier | undefined;
  readonly #locked: LockedFile;
  readonly #of: UploadOf;
  #writing: Promise<void> = Promise.resolve();
  #next: Begun | undefined;
  #written: boolean;
  #forgotten = false;

  private constructor(locked: LockedFile, of: UploadOf, found: Earlier | undefined) {
    this.#locked = locked;
    this.#of = of;
    this.#written = found !== undefined;
    const isSame = found && keyOf(found) === keyOf(of);
    this.earlier = isSame ? found : undefined;
    this.outdated = isSame ? undefined : found;
  }

  /** Undefined where there is no place for a record, or another process has it: it is at work. @throws ABORTED */
  static async open(of: UploadOf, signal: AbortSignal | undefined): Promise<UploadRecord | undefined> {
    const directory = await stateDirectory(UPLOADS);
    if (directory === undefined) return undefined;
    await forgetStale(directory);
    const path = join(directory, createHash('sha256').update(of.to).digest('hex').slice(0, 32));
    const locked = await openOwn(path, { signal, onWait: busy });
    if (!locked) return undefined;
    const bytes = await locked.file.readSome(0, MAX_BYTES).catch(() => new Uint8Array());
    return new UploadRecord(locked, of, parsed(Buffer.from(bytes).toString('utf8')));
  }

  /** What cannot be written costs no more than that the next one begins anew. */
  write(begun: Begun): void {
    // Of several that wait, the last is enough.
    if (!this.#next) this.#writing = this.#writing.then(() => this.#write()).catch(() => {});
    this.#next = begun;
  }

  async #write(): Promise<void> {
    const line = Buffer.from(`${JSON.stringify({ ...this.#of, ...this.#next })}\n`);
    this.#next = undefined;
    await writeAt(this.#locked.file.handle, line, 0, 'the record of an upload');
    this.#written = true;
  }

  /** Whether there is something for the next one, once all of it is written. */
  async isWritten(): Promise<boolean> {
    await this.#writing;
    return this.#written;
  }

  /** There is nothing to go on with any more. */
  forget(): void {
    this.#forgotten = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
    if (this.#forgotten || !this.#written) await rm(this.#locked.file.path, { force: true }).catch(() => {});
    await this.#locked[Symbol.asyncDispose]();
  }
}

function keyOf({ to, from, size, condition }: UploadOf): string {
  return JSON.stringify([to, from, size, condition]);
}

/** Behind the line may stand the rest of a longer one. */
function parsed(text: string): Earlier | undefined {
  try {
    const found = JSON.parse(text.slice(0, text.indexOf('\n') + 1)) as Record<string, unknown>;
    const { to, from, size, condition, partBytes, copies, ticket } = found;
    const texts = [to, from, condition, ticket].every((one) => typeof one === 'string');
    const sizes = [size, partBytes].every((one) => Number.isSafeInteger(one) && (one as number) > 0);
    return texts && sizes && typeof copies === 'boolean' ? (found as unknown as Earlier) : undefined;
  } catch {
    return undefined;
  }
}

async function forgetStale(directory: string): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    const path = join(directory, name);
    const found = await stat(path).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > STALE_MS) await rm(path, { force: true }).catch(() => {});
  }
}

function busy(): never {
  throw new Error('It is at work.');
}

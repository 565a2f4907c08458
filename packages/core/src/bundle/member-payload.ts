import { constants, type FileHandle } from 'node:fs/promises';
import type { Body } from '../engine/diagnose.js';
import { Payload } from '../file/payload.js';
import { startDecryption } from '../format/floe.js';
import { memberAad, payloadSize, recordAt } from '../format/records.js';
import { FLOE_HEADER, segmentsOfBody } from '../format/sizes.js';
import { openBelow } from '../io/below/open.js';
import { type Stored, saysLink } from '../io/below/rules.js';
import { FileSource } from '../io/byte-source.js';
import { type Entry, fileOf } from './entry.js';
import { shown } from './line.js';
import { IS_LINK, memberMissing, memberTampered, NO_FILE, openError } from './member-error.js';

const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Where a bundle's files are, and their records. */
export interface StoredMembers extends Stored {
  readonly records: SharedArrayBuffer;
}

/** A sealed member's payload, with its key, until it is disposed of. */
export class MemberPayload extends Payload implements AsyncDisposable {
  readonly #file: FileSource;
  readonly #name: string;

  constructor(body: Body, file: FileSource, name: string) {
    super(body);
    this.#file = file;
    this.#name = name;
  }

  /** FORMAT.md §21.4. */
  override async explain(error: unknown, given?: number, signal?: AbortSignal): Promise<Error> {
    return openError(await super.explain(error, given, signal), this.#name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.body.message[Symbol.dispose]();
    await this.#file.close();
  }
}

/** Opens a file of the bundle as it must be: regular, not through a link. @throws MEMBER_MISSING, MEMBER_TAMPERED, IO_ERROR */
export async function openMemberFile(file: string, stored: Stored, size: number): Promise<FileSource> {
  let handle: FileHandle | undefined;
  try {
    handle = await openBelow(stored, file, FLAGS);
    if (!(await handle.stat()).isFile()) throw memberTampered(file, 'it is no regular file');
    const source = await FileSource.of(shown(file), handle);
    if (source.size === size) return source;
    throw memberTampered(file, 'it has another length');
  } catch (error) {
    await handle?.close();
    throw noFile(error, file);
  }
}

function noFile(error: unknown, file: string): unknown {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (saysLink(error)) return memberTampered(file, `it ${IS_LINK}`, error);
  if (NO_FILE.includes(code)) return memberTampered(file, 'it is no regular file', error);
  if (['ENOENT', 'ENOTDIR'].includes(code)) return memberMissing(file);
  return openError(error, file);
}

/** FORMAT.md §21.4: the payload that the table names, by its length, its header, and its key. Its size is authentic, so it cannot be cut. */
export async function openPayload(entry: Entry, stored: StoredMembers): Promise<MemberPayload> {
  const { key, id, header } = recordAt(stored.records, entry.record);
  const segmentLength = new DataView(header.buffer, header.byteOffset).getUint32(2);
  const source = await openMemberFile(fileOf(entry), stored, payloadSize(entry.size, segmentLength));
  try {
    const found = await source.read(0, FLOE_HEADER);
    if (Buffer.compare(found, header) !== 0)
      throw memberTampered(fileOf(entry), 'it begins with the header of another payload');
    const segments = segmentsOfBody(source.size - FLOE_HEADER, segmentLength);
    return new MemberPayload(
      { source, offset: FLOE_HEADER, message: startDecryption(key, memberAad(id), found), segments },
      source,
      fileOf(entry),
    );
  } catch (error) {
    await source.close();
    throw openError(error, fileOf(entry));
  }
}

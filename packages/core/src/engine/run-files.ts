import { copyBytes } from '../common/copy-bytes.js';
import { createHash, timingSafeEqual } from '../common/crypto.js';
import { publicRandom } from '../common/public-random.js';
import type { ErrorCode } from '../errors.js';
import { type FloeMessage, startDecryption, startEncryption } from '../format/floe.js';
import { type MemberRecord, memberAad, payloadSize, recordAt } from '../format/records.js';
import { decryptSegment, encryptSegment } from '../format/segment.js';
import { FLOE_HEADER, OVERHEAD, segmentsOfBody, segmentsOfPlaintext } from '../format/sizes.js';
import { Below } from '../io/below/below.js';
import { closeSync, fstatSync, fsyncSync, openFlags, openSync } from '../io/sync-fs.js';
import type { FileItem, FilesTask, Identity } from './files-task.js';
import { hashFrom } from './hash-from.js';
import { counted } from './hash-watch.js';
import type { Scratch } from './scratch.js';
import { readFully, writeFully } from './sync-io.js';
import { machineFailure, TaskError } from './task.js';

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = openFlags;
const NONCE = 12;

interface Doing extends FilesTask {
  readonly inputs: Below;
}

/** Does one task, synchronously, file after file. Only threads of the pool call it: it blocks. */
export function runFiles(task: FilesTask, scratch: Scratch): void {
  using inputs = new Below(task);
  const doing = { ...task, inputs };
  for (const [index, item] of task.items.entries()) {
    try {
      runFile(doing, item, scratch);
    } catch (error) {
      throw failureOf(error, index);
    }
  }
}

function failureOf(error: unknown, item: number): TaskError {
  if (error instanceof TaskError) return new TaskError({ ...error.failure, item });
  // Of our own errors only the header's can be: it is of another payload, or changed.
  const ours = (error as { code?: unknown }).code === 'PAYLOAD_HEADER_TAMPERED';
  const failure = ours
    ? { message: 'the header does not authenticate', told: 'PAYLOAD_HEADER_TAMPERED' as const }
    : machineFailure(error);
  return new TaskError({ ...failure, item });
}

function runFile(task: Doing, item: FileItem, scratch: Scratch): void {
  const record = recordAt(task.records, item.record);
  if (task.operation === 'look') look(task, item, record);
  else if (task.operation === 'seal') seal(task, item, record, scratch);
  else if (task.operation === 'hash') record.sealedDigest.set(storedDigest(task, item, record, scratch));
  else if (task.operation === 'check') check(task, item, record, scratch);
  else if (task.operation === 'digest') record.digest.set(plaintextDigest(task, item, scratch));
  else if (task.operation === 'reseal') reseal(task, item, record, scratch);
  else open(task, item, record, scratch);
}

/** The length that the file of a member must have. */
function lengthOf({ plain, size }: FileItem, { header }: MemberRecord): number {
  return plain ? size : payloadSize(size, segmentLengthOf(header));
}

function segmentLengthOf(header: Uint8Array): number {
  return new DataView(header.buffer, header.byteOffset).getUint32(2);
}

function told(code: ErrorCode, message: string): TaskError {
  return new TaskError({ told: code, message });
}

/** FORMAT.md §24.2: it is there, a regular file, and of its length. */
function look(task: Doing, item: FileItem, record: MemberRecord): void {
  const found = task.inputs.look(item.input);
  if (!found) throw told('MEMBER_MISSING', 'it is not there');
  if (found.isSymbolicLink()) throw new TaskError({ message: 'it is a link', system: { code: 'ELOOP' } });
  if (!found.isFile()) throw told('MEMBER_TAMPERED', 'it is no regular file');
  if (found.size !== lengthOf(item, record)) throw told('MEMBER_TAMPERED', 'it has another length');
}

function openInput({ inputs }: Doing, { input }: FileItem): number {
  // Non-blocking, or opening a pipe would wait for its other end.
  return inputs.open(input, O_RDONLY | O_NONBLOCK);
}

function openOutput(task: Doing, { output, fd, executable }: FileItem, mode: number): number | undefined {
  if (fd !== undefined) return fd;
  if (output === undefined) return undefined;
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | (task.flags ?? 0);
  try {
    return openSync(`${task.to}/${output}`, flags, executable ? mode | ((mode & 0o444) >> 2) : mode);
  } catch (error) {
    throw new TaskError({ ...machineFailure(error), writing: true });
  }
}

function write(task: Doing, item: FileItem, mode: number, pieces: readonly Uint8Array[]): void {
  if (item.outputBytes) place(pieces, item.outputBytes);
  const fd = openOutput(task, item, mode);
  if (fd === undefined) return;
  try {
    writeFully(fd, pieces, 0);
    if (task.sync) fsyncSync(fd);
  } finally {
    if (item.fd === undefined) closeSync(fd);
  }
}

function place(pieces: readonly Uint8Array[], target: Uint8Array): void {
  let at = 0;
  for (const piece of pieces) {
    copyBytes(target, piece, at);
    at += piece.length;
  }
}

function seal(task: Doing, item: FileItem, record: MemberRecord, scratch: Scratch): void {
  const plaintext = readPlaintext(task, item, scratch);
  try {
    record.digest.set(createHash('sha256').update(plaintext).digest());
    write(task, item, 0o666, item.plain ? [plaintext] : sealed(plaintext, task.segmentLength!, record));
  } finally {
    plaintext.fill(0);
  }
}

function readPlaintext(task: Doing, item: FileItem, scratch: Scratch): Uint8Array {
  const fd = openInput(task, item);
  try {
    checkIdentity(fd, item.identity!);
    const plaintext = scratch.take(item.size);
    readFully(fd, plaintext, 0);
    // It was at rest while it was read.
    checkIdentity(fd, item.identity!);
    return plaintext;
  } finally {
    closeSync(fd);
  }
}

function checkIdentity(fd: number, { dev, ino, size, mtimeNs }: Identity): void {
  const now = fstatSync(fd, { bigint: true });
  if (now.dev === dev && now.ino === ino && now.size === size && now.mtimeNs === mtimeNs) return;
  throw told('INPUT_CHANGED', 'it is another file, or was written to, since the directory was read');
}

function sealed(plaintext: Uint8Array, segmentLength: number, record: MemberRecord): Uint8Array[] {
  const { header, message } = startEncryption(record.key, memberAad(record.id), segmentLength);
  const sum = createHash('sha256').update(header);
  const pieces: Uint8Array[] = [header];
  try {
    const { count } = segmentsOfPlaintext(plaintext.length, segmentLength);
    const perSegment = segmentLength - OVERHEAD;
    for (let at = 0; at < count; at++) {
      const part = plaintext.subarray(at * perSegment, (at + 1) * perSegment);
      pieces.push(
        ...encryptSegment(segmentKey(message, at), at, at === count - 1, publicRandom(NONCE), part),
      );
    }
  } finally {
    message[Symbol.dispose]();
  }
  for (const piece of pieces.slice(1)) sum.update(piece);
  record.header.set(header);
  record.sealedDigest.set(sum.digest());
  return pieces;
}

function segmentKey(message: FloeMessage, position: number): Uint8Array {
  return new Uint8Array(message.segmentKey(position));
}

function open(task: Doing, item: FileItem, record: MemberRecord, scratch: Scratch): void {
  const bytes = readStored(task, item, record, scratch);
  const pieces = item.plain ? [bytes] : opened(bytes, record);
  try {
    // FORMAT.md §22.6: a public member has nothing else that authenticates it.
    if (item.plain || task.digest) checkDigest(pieces, record, item.plain);
    write(task, item, 0o600, pieces);
  } finally {
    for (const piece of pieces) piece.fill(0);
  }
}

function readStored(task: Doing, item: FileItem, record: MemberRecord, scratch: Scratch): Uint8Array {
  if (item.inputBytes) return item.inputBytes;
  const fd = openInput(task, item);
  try {
    const found = fstatSync(fd);
    if (!found.isFile()) throw told('MEMBER_TAMPERED', 'it is no regular file');
    const length = lengthOf(item, record);
    if (found.size !== length) throw told('MEMBER_TAMPERED', 'it has another length');
    const bytes = scratch.take(length);
    readFully(fd, bytes, 0);
    return bytes;
  } finally {
    closeSync(fd);
  }
}

function opened(bytes: Uint8Array, record: MemberRecord): Uint8Array[] {
  const header = bytes.subarray(0, FLOE_HEADER);
  if (Buffer.compare(header, record.header) !== 0)
    throw told('PAYLOAD_HEADER_TAMPERED', 'it begins with the header of another payload');
  const message = startDecryption(record.key, memberAad(record.id), header);
  const pieces: Uint8Array[] = [];
  try {
    const { segmentLength, count } = segmentsOfBody(bytes.length - FLOE_HEADER, message.segmentLength);
    for (let at = 0; at < count; at++) {
      const from = FLOE_HEADER + at * segmentLength;
      const segment = bytes.subarray(from, from + segmentLength);
      const plaintext = decryptSegment(segmentKey(message, at), at, at === count - 1, segment);
      if (!plaintext) throw new TaskError({ position: at, message: `segment ${at} does not authenticate` });
      pieces.push(plaintext);
    }
    return pieces;
  } catch (error) {
    for (const piece of pieces) piece.fill(0);
    throw error;
  } finally {
    message[Symbol.dispose]();
  }
}

function checkDigest(pieces: readonly Uint8Array[], { digest }: MemberRecord, plain: boolean): void {
  const sum = createHash('sha256');
  for (const piece of pieces) sum.update(piece);
  if (timingSafeEqual(sum.digest(), digest)) return;
  throw told(plain ? 'MEMBER_TAMPERED' : 'DIGEST_MISMATCH', 'its bytes have another digest than was sealed');
}

/** The digest of a file of any length as it lies there, header and all. */
function storedDigest(task: Doing, item: FileItem, record: MemberRecord, scratch: Scratch): Uint8Array {
  const fd = item.fd ?? openInput(task, item);
  try {
    const length = lengthOf(item, record);
    if (fstatSync(fd).size !== length + (item.offset ?? 0))
      throw told('MEMBER_TAMPERED', 'it has another length');
    return digestOf(fd, length, scratch, item.offset, task.watch);
  } finally {
    if (item.fd === undefined) closeSync(fd);
  }
}

function digestOf(
  fd: number,
  length: number,
  scratch: Scratch,
  offset = 0,
  watch?: SharedArrayBuffer,
): Uint8Array {
  const sum = createHash('sha256');
  hashFrom(sum, fd, offset, length, scratch, (bytes) => counted(watch, bytes));
  return sum.digest();
}

/** Of a file that is to be sealed, if it need be. */
function plaintextDigest(task: Doing, item: FileItem, scratch: Scratch): Uint8Array {
  const fd = openInput(task, item);
  try {
    checkIdentity(fd, item.identity!);
    const digest = digestOf(fd, item.size, scratch);
    checkIdentity(fd, item.identity!);
    return digest;
  } finally {
    closeSync(fd);
  }
}

/** Whether it is, byte for byte, what its record says. */
function check(task: Doing, item: FileItem, record: MemberRecord, scratch: Scratch): void {
  const expected = item.plain ? record.digest : record.sealedDigest;
  if (!timingSafeEqual(storedDigest(task, item, record, scratch), expected))
    throw told('MEMBER_TAMPERED', 'its bytes have another digest');
}

/** From one key to another, without the plaintext leaving the thread. */
function reseal(task: Doing, item: FileItem, record: MemberRecord, scratch: Scratch): void {
  const bytes = readStored(task, item, record, scratch);
  const pieces = item.plain ? [bytes] : opened(bytes, record);
  const plaintext = Buffer.concat(pieces);
  try {
    checkDigest(pieces, record, item.plain);
    const fresh = recordAt(task.newRecords!, item.record);
    fresh.digest.set(record.digest);
    const segmentLength = item.plain ? 0 : segmentLengthOf(record.header);
    write(task, item, 0o666, item.plain ? [plaintext] : sealed(plaintext, segmentLength, fresh));
  } finally {
    for (const piece of [...pieces, plaintext]) piece.fill(0);
  }
}

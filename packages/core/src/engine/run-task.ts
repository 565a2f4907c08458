import { copyBytes } from '../common/copy-bytes.js';
import { publicRandom } from '../common/public-random.js';
import { decryptPieces, encryptPieces, type PieceReader, pieceOf, release } from '../format/segment.js';
import { OVERHEAD } from '../format/sizes.js';
import type { Scratch } from './scratch.js';
import { readFully, writeFully } from './sync-io.js';
import { type Task, TaskError, type TaskResult } from './task.js';

/**
 * Small segments are read and written together up to this size, one system call for many; large ones are read and encrypted in pieces of it.
 * Half of it with its output fits a core's second-level cache: docs/performance.md.
 */
const PIECE = 262_144;
/** Plaintext goes into a file by as much at once: what a write leaves of a huge page the kernel first fills with zeros, and holds the file's lock meanwhile. docs/performance.md. */
const HUGE_PAGE = 2_097_152;
const NONCE = 12;

/** Bytes of a segment on both sides of the task. */
interface Lengths {
  readonly input: number;
  readonly output: number;
}

function lengthsOf({ operation }: Task, encrypted: number): Lengths {
  const plaintext = encrypted - OVERHEAD;
  return {
    input: operation === 'seal' ? plaintext : encrypted,
    output: operation === 'open' ? plaintext : encrypted,
  };
}

/** Does one task, synchronously: read, encrypt or decrypt, authenticate, and only then write. */
export function runTask(task: Task, scratch: Scratch): TaskResult {
  const { segmentLength, count } = task;
  const whole = lengthsOf(task, segmentLength);
  const last = lengthsOf(task, task.finalLength ?? segmentLength);
  const emitted = task.emit === true ? new Uint8Array(whole.output * (count - 1) + last.output) : undefined;
  const kept: Uint8Array<ArrayBuffer>[] | undefined = task.emit === 'pieces' ? [] : undefined;
  const perRun = segmentsPerRun(task, whole.output);
  for (let done = 0; done < count; done += perRun) {
    const n = Math.min(perRun, count - done);
    const length = whole.input * (n - 1) + (done + n === count ? last : whole).input;
    const read = inputReader(task, scratch, done * whole.input, length);
    const pieces: Uint8Array[] = [];
    for (let i = 0; i < n; i++) {
      const at = i * whole.input;
      const segmentInput: PieceReader = (from, bytes) => read(at + from, bytes);
      pieces.push(...transform(task, done + i, Math.min(whole.input, length - at), segmentInput));
    }
    if (kept) kept.push(...(pieces as Uint8Array<ArrayBuffer>[]));
    else deliver(task, pieces, done * whole.output, emitted);
  }
  return { ...(emitted && { bytes: emitted }), ...(kept && { pieces: kept }) };
}

function segmentsPerRun({ operation, output, segmentLength }: Task, plainLength: number): number {
  if (segmentLength <= PIECE) return Math.floor(PIECE / segmentLength);
  return operation === 'open' && output ? Math.max(1, Math.floor(HUGE_PAGE / plainLength)) : 1;
}

/** Reads a run's input from the slot or from the file. */
function inputReader(task: Task, scratch: Scratch, start: number, length: number): PieceReader {
  const { input, slot } = task;
  if (!input) return pieceOf(new Uint8Array(slot!, start, length));
  const readPiece: PieceReader = (at, bytes) => {
    // The plaintext of a seal goes straight into the slot, where the digest finds it.
    const target =
      task.operation === 'seal' && slot ? new Uint8Array(slot, start + at, bytes) : scratch.take(bytes);
    readFully(input.fd, target, input.offset + start + at);
    return target;
  };
  return length > PIECE ? readPiece : pieceOf(readPiece(0, length));
}

function transform(task: Task, index: number, length: number, read: PieceReader): Uint8Array[] {
  const position = task.first + index;
  const final = task.finalLength !== undefined && index === task.count - 1;
  const key = new Uint8Array(task.key);
  if (task.operation === 'seal')
    return encryptPieces(key, position, final, publicRandom(NONCE), length, read, PIECE);
  const pieces = decryptPieces(key, position, final, length, read, PIECE);
  if (!pieces) throw new TaskError({ position, message: `segment ${position} does not authenticate` });
  if (task.keepPlaintext) place(pieces, new Uint8Array(task.slot!), index * (task.segmentLength - OVERHEAD));
  return task.operation === 'open' ? pieces : encryptAgain(task, position, final, pieces);
}

function encryptAgain(task: Task, position: number, final: boolean, pieces: Uint8Array[]): Uint8Array[] {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const next = pieces[Symbol.iterator]();
  const read: PieceReader = () => next.next().value!;
  const key = new Uint8Array(task.newKey!);
  const encrypted = encryptPieces(key, position, final, publicRandom(NONCE), length, read, PIECE);
  for (const piece of pieces) {
    piece.fill(0);
    release(piece);
  }
  return encrypted;
}

function deliver(
  task: Task,
  pieces: readonly Uint8Array[],
  at: number,
  emitted: Uint8Array | undefined,
): void {
  if (task.output) writeFully(task.output.fd, pieces, task.output.offset + at);
  if (emitted) place(pieces, emitted, at);
  for (const piece of pieces) release(piece);
}

function place(pieces: readonly Uint8Array[], target: Uint8Array, at: number): void {
  let offset = at;
  for (const piece of pieces) {
    copyBytes(target, piece, offset);
    offset += piece.length;
  }
}

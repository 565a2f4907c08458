import { randomFillSync } from 'node:crypto';
import { decryptSegment, encryptSegment, release } from '../format/segment.js';
import { OVERHEAD } from '../format/sizes.js';
import { readFully, writeFully } from './sync-io.js';
import { type Task, TaskError, type TaskResult } from './task.js';

/** Small segments are read and written together up to this size: one system call for many. */
const RUN_BYTES = 1_048_576;
const NONCE = 12;

/** Memory that a thread keeps from task to task, so that its pages stay warm. */
export class Scratch {
  #bytes = new Uint8Array(0);

  take(length: number): Uint8Array {
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(length);
    return this.#bytes.subarray(0, length);
  }
}

interface Lengths {
  readonly input: number;
  readonly plaintext: number;
  readonly output: number;
}

/** Does one task, synchronously: read, encrypt or decrypt, authenticate, and only then write. */
export function runTask(task: Task, scratch: Scratch): TaskResult {
  const { segmentLength, count } = task;
  const whole = lengthsOf(task, segmentLength);
  const last = lengthsOf(task, task.finalLength ?? segmentLength);
  const outputLength = whole.output * (count - 1) + last.output;
  const emitted = task.emit ? new Uint8Array(outputLength) : undefined;
  const perRun = Math.max(1, Math.floor(RUN_BYTES / segmentLength));
  for (let done = 0; done < count; done += perRun) {
    const n = Math.min(perRun, count - done);
    const holdsLast = done + n === count;
    const inputLength = whole.input * (n - 1) + (holdsLast ? last : whole).input;
    const input = readInput(task, scratch, done * whole.input, inputLength);
    const pieces = transformRun(task, input, done, n, whole);
    deliver(task, pieces, done * whole.output, emitted);
  }
  return emitted ? { bytes: emitted } : {};
}

function lengthsOf({ operation }: Task, encrypted: number): Lengths {
  const plaintext = encrypted - OVERHEAD;
  return {
    input: operation === 'seal' ? plaintext : encrypted,
    plaintext,
    output: operation === 'open' ? plaintext : encrypted,
  };
}

function readInput(task: Task, scratch: Scratch, at: number, length: number): Uint8Array {
  if (!task.input) return new Uint8Array(task.slot!, at, length);
  // The plaintext of a seal is read straight into the slot, where the digest finds it.
  const target =
    task.operation === 'seal' && task.slot ? new Uint8Array(task.slot, at, length) : scratch.take(length);
  readFully(task.input.fd, target, task.input.offset + at);
  return target;
}

function transformRun(task: Task, input: Uint8Array, done: number, n: number, whole: Lengths): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const nonces = task.operation === 'open' ? undefined : randomFillSync(new Uint8Array(n * NONCE));
  for (let i = 0; i < n; i++) {
    const segment = input.subarray(i * whole.input, Math.min((i + 1) * whole.input, input.length));
    const nonce = nonces?.subarray(i * NONCE, (i + 1) * NONCE);
    pieces.push(...transformSegment(task, segment, done + i, nonce, whole));
  }
  return pieces;
}

function transformSegment(
  task: Task,
  segment: Uint8Array,
  index: number,
  nonce: Uint8Array | undefined,
  whole: Lengths,
): readonly Uint8Array[] {
  const position = task.first + index;
  const final = task.finalLength !== undefined && index === task.count - 1;
  const key = new Uint8Array(task.key);
  if (task.operation === 'seal') return encryptSegment(key, position, final, nonce!, segment);
  const plaintext = decryptSegment(key, position, final, segment);
  if (!plaintext) throw new TaskError({ position, message: `segment ${position} does not authenticate` });
  if (task.keepPlaintext) new Uint8Array(task.slot!).set(plaintext, index * whole.plaintext);
  if (task.operation === 'open') return [plaintext];
  const resealed = encryptSegment(new Uint8Array(task.newKey!), position, final, nonce!, plaintext);
  plaintext.fill(0);
  release(plaintext);
  return resealed;
}

function deliver(
  task: Task,
  pieces: readonly Uint8Array[],
  at: number,
  emitted: Uint8Array | undefined,
): void {
  if (task.output) writeFully(task.output.fd, pieces, task.output.offset + at);
  let offset = at;
  for (const piece of pieces) {
    emitted?.set(piece, offset);
    offset += piece.length;
    release(piece);
  }
}

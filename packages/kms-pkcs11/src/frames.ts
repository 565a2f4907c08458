import { secretBytes, wipe } from '@weightseal/core';

/** One message: a number that pairs answer and request, a JSON text without secrets, and bytes that may be secret. */
export interface Frame<T> {
  readonly call: number;
  readonly head: T;
  readonly bytes: Uint8Array;
}

const LENGTHS = 12;
/** Far beyond what either side sends, so more is a defect and not a message. */
const MAX_FRAME = 64 * 1024;

/** `U32 call || U32 length of head || U32 length of bytes || head || bytes`. The caller wipes it once it is written. */
export function encodeFrame({ call, head, bytes }: Frame<unknown>): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  const frame = Buffer.allocUnsafeSlow(LENGTHS + json.length + bytes.length);
  frame.writeUInt32LE(call, 0);
  frame.writeUInt32LE(json.length, 4);
  frame.writeUInt32LE(bytes.length, 8);
  frame.set(json, LENGTHS);
  frame.set(bytes, LENGTHS + json.length);
  return frame;
}

/** Puts frames together from the chunks of a stream, and wipes each chunk. The bytes of a frame are the caller's, to wipe. */
export class FrameReader<T> {
  #held = Buffer.allocUnsafeSlow(0);

  /** The frames that this chunk completes. @throws RangeError for what cannot be a frame */
  *take(chunk: Uint8Array): Generator<Frame<T>> {
    const before = this.#held;
    this.#held = Buffer.allocUnsafeSlow(before.length + chunk.length);
    this.#held.set(before);
    this.#held.set(chunk, before.length);
    wipe(before, chunk);
    for (let frame = this.#next(); frame; frame = this.#next()) yield frame;
  }

  #next(): Frame<T> | undefined {
    const held = this.#held;
    if (held.length < LENGTHS) return undefined;
    const bytesAt = LENGTHS + held.readUInt32LE(4);
    const end = bytesAt + held.readUInt32LE(8);
    if (end > MAX_FRAME) throw new RangeError('a frame is too long');
    if (held.length < end) return undefined;
    const bytes = secretBytes(end - bytesAt);
    bytes.set(held.subarray(bytesAt, end));
    wipe(held.subarray(bytesAt, end));
    const head: T | undefined = JSON.parse(held.toString('utf8', LENGTHS, bytesAt));
    if (typeof head !== 'object' || head === null) throw new RangeError('a frame has no head');
    this.#held = held.subarray(end);
    return { call: held.readUInt32LE(0), head, bytes };
  }
}

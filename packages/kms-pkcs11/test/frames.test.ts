import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeFrame, type Frame, FrameReader } from '../src/frames.js';

const frames: Frame<{ n: number }>[] = Array.from({ length: 20 }, (_, n) => ({
  call: n,
  head: { n },
  bytes: Uint8Array.from(randomBytes(n * 3)),
}));
const stream = () => Buffer.concat(frames.map(encodeFrame));

describe('frames between this process and the helper', () => {
  it.each([1, 2, 7, 100, 100_000])('come out whole from chunks of %i bytes', (size) => {
    const reader = new FrameReader<{ n: number }>();
    const bytes = stream();
    const read: Frame<{ n: number }>[] = [];
    for (let at = 0; at < bytes.length; at += size)
      read.push(...reader.take(Buffer.from(bytes.subarray(at, at + size))));
    expect(read).toEqual(frames);
  });

  it('leave nothing in the chunks that they came in', () => {
    const chunk = stream();
    expect([...new FrameReader().take(chunk)]).toHaveLength(frames.length);
    expect(chunk.every((byte) => byte === 0)).toBe(true);
  });

  it('do not share memory with one another', () => {
    const [one, other] = [...new FrameReader().take(stream())].slice(-2);
    expect(one!.bytes.buffer).not.toBe(other!.bytes.buffer);
    expect(one!.bytes.buffer.byteLength).toBe(one!.bytes.length);
  });

  it('are refused when they claim to be longer than any that there is', () => {
    expect(() => [...new FrameReader().take(Buffer.from('ffffffffffffff7fffffff7f', 'hex'))]).toThrow(
      RangeError,
    );
  });

  it.each(['null', '7', '"text"', '{'])('are refused with the head %s', (head) => {
    const frame = encodeFrame({ call: 0, head: {}, bytes: Buffer.alloc(0) });
    const json = Buffer.from(head);
    frame.writeUInt32LE(json.length, 4);
    expect(() => [...new FrameReader().take(Buffer.concat([frame.subarray(0, 12), json]))]).toThrow();
  });
});

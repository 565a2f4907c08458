import type { Connection } from './connection.js';
import { type BodyLength, endedEarly, WireError } from './head.js';

/** The bytes of a body, in pieces that are good until the next. Reads to its end and not a byte further. @throws WireError where it ends early or its chunks are none, and what the socket fails with */
export async function* bodyOf(connection: Connection, length: BodyLength): AsyncGenerator<Buffer, void> {
  if (length === 'chunked') return yield* chunksOf(connection);
  if (length === 'close') return yield* toItsEnd(connection);
  yield* exactly(connection, length);
}

async function* exactly(connection: Connection, length: number): AsyncGenerator<Buffer, void> {
  for (let left = length; left > 0; ) {
    const piece = await connection.next();
    if (!piece) throw endedEarly();
    const ours = piece.length <= left ? piece : piece.subarray(0, left);
    if (ours !== piece) connection.unread(piece.subarray(left));
    left -= ours.length;
    yield ours;
  }
}

async function* toItsEnd(connection: Connection): AsyncGenerator<Buffer, void> {
  for (let piece = await connection.next(); piece; piece = await connection.next()) yield piece;
}

const LONGEST_LINE = 4096;
const SIZE = /^([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?$/;

/** RFC 9112 §7.1. Trailers are read, and mean nothing. */
async function* chunksOf(connection: Connection): AsyncGenerator<Buffer, void> {
  for (;;) {
    const [, digits] = SIZE.exec(await line(connection)) ?? [];
    if (digits === undefined) throw new WireError('A chunk of the answer does not say how long it is.');
    const size = Number.parseInt(digits, 16);
    if (size === 0) break;
    yield* exactly(connection, size);
    if ((await line(connection)) !== '') throw new WireError('A chunk of the answer is longer than it says.');
  }
  for (let trailer = await line(connection), most = 100; trailer !== ''; trailer = await line(connection))
    if (most-- === 0) throw new WireError('The answer has no end.');
}

async function line(connection: Connection): Promise<string> {
  let text = '';
  while (!text.endsWith('\r\n')) {
    const piece = await connection.next();
    if (!piece) throw endedEarly();
    const end = piece.indexOf(0x0a);
    const ours = end < 0 ? piece : piece.subarray(0, end + 1);
    if (end >= 0) connection.unread(piece.subarray(end + 1));
    text += ours.toString('latin1', 0, LONGEST_LINE);
    if (text.length >= LONGEST_LINE || (end >= 0 && !text.endsWith('\r\n')))
      throw new WireError('The answer has a line that is none.');
  }
  return text.slice(0, -2);
}

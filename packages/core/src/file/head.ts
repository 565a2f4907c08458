import { WeightsealError } from '../errors.js';
import { concat } from '../format/bytes.js';
import { type Envelope, encodeEnvelope, parseEnvelope } from '../format/envelope.js';
import { type ChosenCopy, chooseCopy, encodeCopy, parseCopy } from '../format/envelope-copy.js';
import {
  DEFAULT_AREA,
  encodePreamble,
  MIN_AREA,
  PREAMBLE_LENGTH,
  type Preamble,
  parsePreamble,
  preambleFor,
} from '../format/preamble.js';
import { FLOE_HEADER, OVERHEAD } from '../format/sizes.js';
import { type ByteSource, readExactly } from '../io/byte-source.js';

/** Everything of a sealed file that can be read without a key. */
export interface Head {
  readonly preamble: Preamble;
  readonly copy: ChosenCopy;
  readonly envelope: Envelope;
  /** The payload's 74-byte header. */
  readonly floeHeader: Uint8Array;
}

/** Reads `length` bytes at `offset`, fewer only at the end of the file. A stream's reader is asked for one piece after another. */
type Reader = (offset: number, length: number) => Promise<Uint8Array>;

/** FORMAT.md §11.1, step 1: everything is checked that can be checked before a key is touched. `size` is the file's length, where it is known. */
export async function readHead(read: Reader, size?: number, area: number = MIN_AREA): Promise<Head> {
  // One read brings all of a file whose area is no larger than that.
  let bytes = await read(0, preambleFor(area).payloadOffset + FLOE_HEADER);
  const preamble = parsePreamble(bytes.subarray(0, PREAMBLE_LENGTH));
  const { payloadOffset } = preamble;
  const end = payloadOffset + FLOE_HEADER;
  // §3.2: that there is too little is said before what is there is judged.
  if (size !== undefined && size < end + OVERHEAD) throw truncated();
  if (bytes.length < end) bytes = concat(bytes, await read(bytes.length, end - bytes.length));
  if (bytes.length < end) throw truncated();
  const copies = [0, 1].map((index) => {
    const at = PREAMBLE_LENGTH + index * preamble.area;
    return parseCopy(bytes.subarray(at, at + preamble.area));
  });
  const copy = chooseCopy(copies[0], copies[1]);
  const envelope = parseEnvelope(copy.generation, copy.document);
  return { preamble, copy, envelope, floeHeader: bytes.slice(payloadOffset, end) };
}

/** @throws what `readHead` throws, and PAYLOAD_TRUNCATED when no segment can follow */
export async function readHeadOf(source: ByteSource, signal: AbortSignal | undefined): Promise<Head> {
  const { size } = source;
  return await readHead(
    (offset, length) =>
      readExactly(source, Math.min(offset, size), Math.min(length, Math.max(0, size - offset)), signal),
    size,
    DEFAULT_AREA,
  );
}

export function truncated(): WeightsealError {
  return new WeightsealError('PAYLOAD_TRUNCATED', 'The file has been cut short; get a whole copy of it.');
}

/** Preamble and both copies, as a new file begins. */
export function encodeHead(preamble: Preamble, envelope: Envelope): Uint8Array<ArrayBuffer> {
  const copy = encodeEnvelopeCopy(envelope, preamble.area);
  return concat(encodePreamble(preamble), copy, copy);
}

/** A copy of the envelope. @throws ENVELOPE_FULL */
export function encodeEnvelopeCopy(envelope: Envelope, area: number): Uint8Array<ArrayBuffer> {
  return encodeCopy({ generation: envelope.generation, document: encodeEnvelope(envelope) }, area);
}

import { setImmediate } from '../common/timers.js';
import { type ErrorCode, throwIfAborted, WeightsealError } from '../errors.js';
import { view } from '../format/bytes.js';
import type { FloeMessage } from '../format/floe.js';
import { decryptSegment, release } from '../format/segment.js';
import { NOT_FINAL, OVERHEAD, type Segments } from '../format/sizes.js';
import { type ByteSource, readExactly } from '../io/byte-source.js';

// Why a payload was refused: FORMAT.md §9.6 and §9.10. It runs after the refusal, releases nothing, and looks no further
// than this many segments.
const REACH = 64;

type Signal = AbortSignal | undefined;

/** A payload's segments as they lie in a file. */
export interface Stored {
  readonly source: ByteSource;
  /** Where the first segment begins. */
  readonly offset: number;
  readonly segments: Segments;
}

/** A payload that can be read anywhere. */
export interface Body extends Stored {
  readonly message: FloeMessage;
}

const told: Partial<Record<ErrorCode, string>> = {
  PAYLOAD_TRUNCATED: 'the file has been cut short',
  PAYLOAD_TRAILING_DATA: 'something follows the end of the payload',
  SEGMENT_MISSING: 'segments have been taken out',
  SEGMENT_REORDERED: 'it belongs to another place of the file',
  SEGMENT_REPEATED: 'another segment of the file is repeated',
  SEGMENT_TAMPERED: 'it was changed, or is from another file',
};

export function segmentError(code: ErrorCode, position: number): WeightsealError {
  return new WeightsealError(
    code,
    `Segment ${position} does not authenticate: ${told[code] ?? 'it is not as it was sealed'}. Get a sound copy of the file.`,
  );
}

/** The error for a segment that did not authenticate at `position`. */
export async function diagnose(
  body: Body,
  position: number,
  signal: AbortSignal | undefined,
): Promise<WeightsealError> {
  const { count } = body.segments;
  const code =
    position === count - 1 ? await diagnoseLast(body, signal) : await diagnoseInner(body, position, signal);
  return segmentError(code, position);
}

async function diagnoseInner(body: Body, position: number, signal: Signal): Promise<ErrorCode> {
  const segment = await readSegment(body, position, signal);
  if (endsHere(segment, body.segments.segmentLength)) return 'PAYLOAD_TRAILING_DATA';
  return moved(body, segment, position, false, signal);
}

async function diagnoseLast(body: Body, signal: Signal): Promise<ErrorCode> {
  const position = body.segments.count - 1;
  return (
    (await markedAs(body, signal)) ??
    moved(body, await readSegment(body, position, signal), position, true, signal)
  );
}

/** The error for a last segment whose own marker is not its length; undefined when it is. It takes no key: FORMAT.md §9.12. */
export async function lastSegmentFault(
  stored: Stored,
  signal?: Signal,
): Promise<WeightsealError | undefined> {
  const { count, finalLength } = stored.segments;
  if (finalLength >= OVERHEAD) {
    const marker = view(await readHead(stored, count - 1, signal)).getUint32(0);
    if (marker === finalLength) return undefined;
  }
  return segmentError((await markedAs(stored, signal)) ?? 'SEGMENT_TAMPERED', count - 1);
}

/** What the markers of the last segments alone say of a last one that was refused: FORMAT.md §9.6. */
async function markedAs(stored: Stored, signal?: Signal): Promise<ErrorCode | undefined> {
  const { count, finalLength, segmentLength } = stored.segments;
  for (let at = count - 2; at >= Math.max(0, count - 1 - REACH); at--) {
    if (endsHere(await readHead(stored, at, signal), segmentLength)) return 'PAYLOAD_TRAILING_DATA';
  }
  if (finalLength < OVERHEAD) return 'PAYLOAD_TRUNCATED';
  const marker = view(await readHead(stored, count - 1, signal)).getUint32(0);
  if (marker === NOT_FINAL || (marker > finalLength && marker <= segmentLength)) return 'PAYLOAD_TRUNCATED';
  if (marker >= OVERHEAD && marker < finalLength) return 'PAYLOAD_TRAILING_DATA';
  return marker === finalLength ? undefined : 'SEGMENT_TAMPERED';
}

/** Whether a segment is marked as the last. */
function endsHere(segment: Uint8Array, segmentLength: number): boolean {
  const marker = view(segment).getUint32(0);
  return marker >= OVERHEAD && marker <= segmentLength;
}

/** Looks whether the segment authenticates under a number near its own. */
async function moved(
  body: Body,
  segment: Uint8Array,
  position: number,
  final: boolean,
  signal: Signal,
): Promise<ErrorCode> {
  const { segments, message } = body;
  const to = final ? position + REACH : Math.min(segments.count + REACH, position + REACH);
  for (let at = Math.max(0, position - REACH); at <= to; at++) {
    if (at === position) continue;
    throwIfAborted(signal);
    // A segment can have 16 MiB: the host's event loop has its turn between two attempts.
    await new Promise((resolve) => setImmediate(resolve));
    const plaintext = decryptSegment(new Uint8Array(message.segmentKey(at)), at, final, segment);
    if (!plaintext) continue;
    plaintext.fill(0);
    release(plaintext);
    if (final) return at > position ? 'SEGMENT_MISSING' : 'SEGMENT_REPEATED';
    const inPlace = at < segments.count - 1 ? await readSegment(body, at, signal) : undefined;
    return inPlace && Buffer.compare(inPlace, segment) === 0 ? 'SEGMENT_REPEATED' : 'SEGMENT_REORDERED';
  }
  return 'SEGMENT_TAMPERED';
}

function readHead(
  { source, offset, segments }: Stored,
  position: number,
  signal: Signal,
): Promise<Uint8Array> {
  return readExactly(source, offset + position * segments.segmentLength, 4, signal);
}

function readSegment(
  { source, offset, segments }: Stored,
  position: number,
  signal: Signal,
): Promise<Uint8Array> {
  const { segmentLength, count, finalLength } = segments;
  const length = position === count - 1 ? finalLength : segmentLength;
  return readExactly(source, offset + position * segmentLength, length, signal);
}

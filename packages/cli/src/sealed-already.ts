import type { ByteSource, InputBytes } from '@weightseal/core';
import { core } from './core.js';

/** FORMAT.md §3. */
const MAGIC = Uint8Array.of(0x89, 0x57, 0x53, 0x45, 0x41, 0x4c, 0x0d, 0x0a);

/**
 * The same bytes, unless they are a sealed file: to seal that once more is nearly always a slip (`seal *`).
 *
 * @param now whether something is written before a stream is read, so that the stream has to be looked at first
 * @throws ALREADY_SEALED
 */
export async function unlessSealed(input: InputBytes, what: string, now: boolean): Promise<InputBytes> {
  if (typeof input === 'string') return input;
  if (!('read' in input && 'size' in input)) {
    const stream = input as AsyncIterable<Uint8Array>;
    return now ? await unlessSealedStream(stream, what) : lazily(stream, what);
  }
  await check(await beginning(input as ByteSource), what);
  return input;
}

async function beginning(source: ByteSource): Promise<Uint8Array> {
  return source.size < MAGIC.length ? new Uint8Array() : source.read(0, MAGIC.length);
}

/** What was read ahead, and the rest. */
async function* joined(
  ahead: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* ahead;
  yield* { [Symbol.asyncIterator]: () => rest };
}

async function unlessSealedStream(
  stream: AsyncIterable<Uint8Array>,
  what: string,
): Promise<AsyncIterable<Uint8Array>> {
  const rest = stream[Symbol.asyncIterator]();
  const ahead: Uint8Array[] = [];
  for (let length = 0; length < MAGIC.length; ) {
    const { done, value } = await rest.next();
    if (done) break;
    ahead.push(value);
    length += value.length;
  }
  await check(Buffer.concat(ahead).subarray(0, MAGIC.length), what);
  return joined(ahead, rest);
}

/** Looks when it is read, so that keys that fail are told before it comes. */
async function* lazily(stream: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<Uint8Array> {
  yield* await unlessSealedStream(stream, what);
}

async function check(bytes: Uint8Array, what: string): Promise<void> {
  if (bytes.length < MAGIC.length || !MAGIC.every((byte, at) => bytes[at] === byte)) return;
  const { WeightsealError } = await core();
  throw new WeightsealError(
    'ALREADY_SEALED',
    `${what} is sealed already. \`weightseal rewrap\` changes who opens it, and \`weightseal reseal\` gives it a new data key; --seal-again seals it once more.`,
  );
}

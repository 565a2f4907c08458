import { readHeadOf } from '../file/head.js';
import { parseBundleEnvelope } from '../format/envelope.js';
import { isFloeHeader } from '../format/floe.js';
import { FLOE_HEADER, OVERHEAD } from '../format/sizes.js';
import { type ByteSource, readExactly } from '../io/byte-source.js';
import type { ReleasePlace, UnopenedRelease } from '../keys/release-judge.js';
import { checkEnvelopeSize } from './head.js';

/** See `public-release.ts`. */
export async function readUnopened(
  kind: UnopenedRelease['kind'],
  source: ByteSource,
  signal: AbortSignal | undefined,
): Promise<Omit<UnopenedRelease, keyof ReleasePlace>> {
  if (kind === 'file') {
    const { envelope, floeHeader: header } = await readHeadOf(source, signal);
    const { id, context } = envelope.core;
    return { kind, id: Uint8Array.from(id), context, header };
  }
  checkEnvelopeSize(source.size);
  const { core, table } = parseBundleEnvelope(await readExactly(source, 0, source.size, signal));
  return { kind, id: Uint8Array.from(core.id), context: core.context, table };
}

/** See `public-release.ts`. */
export async function beginsSealed(source: ByteSource, signal: AbortSignal | undefined): Promise<boolean> {
  if (source.size < FLOE_HEADER + OVERHEAD) return false;
  return isFloeHeader(await readExactly(source, 0, FLOE_HEADER, signal));
}

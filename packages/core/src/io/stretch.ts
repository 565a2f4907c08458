import type { ByteSource } from './byte-source.js';

/** A long range whose bytes come of one request, and go into one memory after another. */
export interface Stretch {
  /** Fills all of `out` with the bytes that follow. One at a time. Leaves it alone once it has resolved or thrown, and once the signal has fired, which ends the stretch. */
  readInto(out: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** Ends the request, where there is more of it; the signal ends also the wait for the end of what has come whole. */
  close(signal?: AbortSignal): Promise<void>;
}

/** Bytes that lie behind requests: the fewer they are for as many bytes, the cheaper, on both sides. */
export interface StretchSource extends ByteSource {
  /** Bytes that one request may best ask for; undefined where it is to be read range by range. */
  readonly stretchBytes: number | undefined;
  stretch(offset: number, length: number): Stretch;
}

export function hasStretches(source: ByteSource): source is StretchSource & { stretchBytes: number } {
  return 'stretch' in source && (source as StretchSource).stretchBytes !== undefined;
}

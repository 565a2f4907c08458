/**
 * What `target.set(source, at)` does, at the speed of memory also where the target is shared: there V8 copies word by word, and byte by byte where both do not lie alike, at 2.5 GB/s (Node 22 and 24).
 * `fill` of a buffer is a memcpy: docs/performance.md.
 */
export function copyBytes(target: Uint8Array, source: Uint8Array, at = 0): void {
  if (source.length === 0) return;
  if (!(target.buffer instanceof SharedArrayBuffer)) {
    target.set(source, at);
    return;
  }
  const end = at + source.length;
  if (end > target.length) throw new RangeError('The bytes do not fit.');
  Buffer.from(target.buffer, target.byteOffset, target.length).fill(source, at, end);
}

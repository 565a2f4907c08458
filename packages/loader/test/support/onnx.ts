/** Protocol buffers: a field that has bytes. */
function field(number: number, ...parts: (string | Uint8Array)[]): Uint8Array {
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);
}

/** An ONNX model with one initializer, whose bytes are in a file of this name. */
export function onnxWithData(location: string): Buffer {
  const pair = (key: string, value: string) => field(13, field(1, key), field(2, value));
  const initializer = field(5, Uint8Array.of(0x10, 1), field(8, 'w'), pair('location', location));
  return Buffer.concat([Uint8Array.of(0x08, 9), field(2, 'pytorch'), field(7, field(2, 'g'), initializer)]);
}

/** The header of a safetensors file with so many tensors `t0`, `t1`, … of float32, each of so many bytes. */
export function safetensorsHeader(count: number, each: number): Buffer {
  const entries = Array.from({ length: count }, (_, index) => [
    `t${index}`,
    { dtype: 'F32', shape: [each / 4], data_offsets: [index * each, (index + 1) * each] },
  ]);
  const json = JSON.stringify(Object.fromEntries(entries));
  const padded = json.padEnd(Math.ceil(json.length / 8) * 8);
  const header = Buffer.alloc(8 + padded.length);
  header.writeBigUInt64LE(BigInt(padded.length));
  header.write(padded, 8);
  return header;
}

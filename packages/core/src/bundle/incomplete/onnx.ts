// Where an ONNX model keeps its tensors: onnx.proto3, of which these fields are read and all else is passed over.
const MODEL_GRAPH = 7;
const GRAPH_INITIALIZER = 5;
const TENSOR_EXTERNAL_DATA = 13;
const [ENTRY_KEY, ENTRY_VALUE] = [1, 2];
const [VARINT, FIXED64, BYTES, FIXED32] = [0, 1, 2, 5];

/** The files in which the initializers of the main graph are; none where the bytes are no such model. */
export function externalData(bytes: Uint8Array): string[] {
  const locations = new Set<string>();
  try {
    for (const graph of fields(bytes, MODEL_GRAPH))
      for (const tensor of fields(graph, GRAPH_INITIALIZER))
        for (const entry of fields(tensor, TENSOR_EXTERNAL_DATA)) {
          const [key] = fields(entry, ENTRY_KEY);
          const [value] = fields(entry, ENTRY_VALUE);
          if (key && value && text(key) === 'location') locations.add(text(value));
        }
  } catch {
    return [];
  }
  return [...locations];
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

/** The values of a field that has bytes. @throws RangeError for what is no message */
function* fields(bytes: Uint8Array, wanted: number): Generator<Uint8Array> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 63) throw new RangeError('no varint');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const [field, type] = [Math.floor(tag / 8), tag % 8];
    if (type === VARINT) varint();
    else if (type === FIXED64) at += 8;
    else if (type === FIXED32) at += 4;
    else if (type === BYTES) {
      const length = varint();
      if (length > bytes.length - at) throw new RangeError('longer than the message');
      if (field === wanted) yield bytes.subarray(at, at + length);
      at += length;
    } else throw new RangeError('no type of a field');
  }
}

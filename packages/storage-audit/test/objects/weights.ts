import { deflateSync, gzipSync } from 'node:zlib';

// Files as their formats have them, as short as they can be.

export function safetensors(header = '{"a":{"dtype":"F32","shape":[16],"data_offsets":[0,64]}}'): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(64)]);
}

/** Stored members of a zip, without its directory. */
export function zip(...names: string[]): Buffer {
  return Buffer.concat(
    names.map((name) => {
      const head = Buffer.alloc(30);
      head.write('PK\x03\x04', 'latin1');
      head.writeUInt16LE(name.length, 26);
      return Buffer.concat([head, Buffer.from(name), Buffer.alloc(40)]);
    }),
  );
}

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
export const field = (number: number, bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);

export const onnx = (...middle: Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.of(0x08, 10),
    field(2, Buffer.from('pytorch')),
    field(3, Buffer.from('2.9.0')),
    ...middle,
    field(7, Buffer.alloc(3000, 7)),
    field(8, Buffer.of(0x10, 20)),
  ]);

const padded = (...parts: (string | Buffer)[]) =>
  Buffer.concat([
    ...parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
    Buffer.alloc(64),
  ]);

/** Names, bytes, and what they are. */
export const WEIGHTS: readonly (readonly [string, Buffer, string])[] = [
  ['model.safetensors', safetensors(), 'safetensors'],
  ['no-name', safetensors('{}      '), 'safetensors'],
  ['spaced', safetensors('{ "__metadata__": {"format": "pt"}}'), 'safetensors'],
  ['llama.gguf', padded('GGUF\x03\0\0\0'), 'gguf'],
  ['old.bin', padded('tjgg\x03\0\0\0'), 'ggml'],
  ['pytorch_model.bin', zip('archive/data.pkl', 'archive/data/0'), 'torch'],
  ['scripted', zip('net/version', 'net/code/x.py'), 'torch'],
  ['named.pth', zip('whatever'), 'torch'],
  [
    'old.pt',
    Buffer.concat([Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex'), Buffer.alloc(64)]),
    'torch',
  ],
  ['forest.joblib', padded('\x80\x04\x95\0\0\0\0\0\0\0\0'), 'pickle'],
  ['cached', padded('\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x15sklearn.ensemble\x94'), 'pickle'],
  ['cached2', padded('\x80\x02ctorch._utils\n_rebuild_tensor_v2\n'), 'pickle'],
  ['w.npy', padded('\x93NUMPY\x01\0v\0'), 'numpy'],
  ['w.npz', zip('arr_0.npy'), 'numpy'],
  ['w.h5', padded('\x89HDF\r\n\x1a\n'), 'hdf5'],
  ['behind-a-user-block', Buffer.concat([Buffer.alloc(512), padded('\x89HDF\r\n\x1a\n')]), 'hdf5'],
  ['m.keras', zip('metadata.json', 'config.json', 'model.weights.h5'), 'keras'],
  ['m.tflite', padded('\x1c\0\0\0TFL3'), 'tflite'],
  ['m.onnx', onnx(), 'onnx'],
  ['unnamed', onnx(), 'onnx'],
  [
    'documented',
    onnx(field(4, Buffer.from('ai.example')), Buffer.of(0x28, 1), field(6, Buffer.from('What it does.\n'))),
    'onnx',
  ],
];

/** What is no model, and looks a little like one. */
export const OTHERS: readonly (readonly [string, Buffer])[] = [
  ['README.md', padded('# A model, and more words than sixteen bytes')],
  ['config.json', padded('{"architectures": ["LlamaForCausalLM"]}')],
  ['docs.zip', zip('docs/index.html')],
  ['model.safetensors.index.json', Buffer.from('{"weight_map": {"a": "model-00001.safetensors"}}')],
  ['state', padded('\x80\x04\x95\x10\0\0\0\0\0\0\0}\x94\x8c\x01a\x94K\x01s.')],
  ['zeros', Buffer.alloc(4096)],
  [
    'header-too-long',
    Buffer.concat([Buffer.from('ffffffffffffff7f', 'hex'), Buffer.from('{"a":1}'), Buffer.alloc(64)]),
  ],
  ['cut.safetensors', safetensors().subarray(0, 40)],
  [
    'a-protobuf',
    Buffer.concat([Buffer.of(0x08, 10), field(9, Buffer.from('not a model')), Buffer.alloc(64)]),
  ],
  [
    'another-protobuf',
    Buffer.concat([Buffer.of(0x08, 10), field(2, Buffer.of(1, 2, 3)), field(7, Buffer.alloc(64))]),
  ],
  ['short.gguf', Buffer.from('GGUF')],
];

/** What could be a model, for all that its first bytes say. */
export const WRAPPED: readonly (readonly [string, Buffer])[] = [
  ['a.gz', gzipSync(safetensors())],
  ['a.xz', padded('\xfd7zXZ\0\0\x04')],
  ['a.lzma', padded('\x5d\0\0\x80\0')],
  ['a.zst', zstdFrame()],
  ['a.bz2', padded('BZh91AY&SY')],
  ['a.7z', padded('7z\xbc\xaf\x27\x1c')],
  ['a.zlib', deflateSync(safetensors())],
  ['a.zlib9', deflateSync(safetensors(), { level: 9 })],
  ['a.zip', zip('README.md', 'm.safetensors')],
  ['a.tar', tar('m.safetensors')],
  ['more.zip', Buffer.concat([zip('README.md'), Buffer.alloc(5000, 97)])],
  ['a.sz', padded('\xff\x06\0\0sNaPpY')],
  ['a.sqfs', padded('hsqs')],
  ['a.v7.tar', tar('m.safetensors', 7)],
  ['program', padded("MZqFpD='\n")],
  ...[
    ...['model.onnx_data', 'variables.data-00000-of-00001', 'flax_model.msgpack', 'llama.llamafile'],
    ...['model.safetensors.part-ab', 'model.gguf.bak', 'model.ckpt-1000', 'm.pte', 'm.engine', 'm.weights'],
    ...['m.caffemodel', 'm.mlmodel', 'm.params'],
  ].map((name) => [name, Buffer.alloc(64, 0xee)] as const),
  ...['safetensors', 'gguf', 'pt', 'pth', 'onnx', 'pkl', 'joblib', 'nemo', 'bin', 'h5', 'ckpt', 'GGUF'].map(
    (ending) => [`unknown-${ending}.${ending}`, Buffer.alloc(64, 0xee)] as const,
  ),
];

function zstdFrame(): Buffer {
  return padded('\x28\xb5\x2f\xfd');
}

/** Its head as POSIX has it, or as before, by the sum alone. */
function tar(name: string, version?: 7): Buffer {
  const bytes = Buffer.alloc(1024);
  bytes.write(name);
  if (version === undefined) bytes.write('ustar\x0000', 257, 'latin1');
  bytes.fill(' ', 148, 156);
  const sum = bytes.subarray(0, 512).reduce((all, byte) => all + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes;
}

// Writes a tiny language model for llama.cpp: the llama architecture, one token for each byte, weights from a fixed row of numbers.
// It says nothing sensible, and the same thing every time: node make-gguf.mjs tiny.gguf
// With a number after the name it is split into so many files: tiny-00001-of-00002.gguf …
import { writeFileSync } from 'node:fs';
import { argv } from 'node:process';

const WIDTH = 64;
const FORWARD = 128;
const HEADS = 4;
const BLOCKS = 2;
const ALIGNMENT = 32;
const TYPE = { uint16: 2, uint32: 4, int32: 5, float32: 6, string: 8, array: 9 };
const TOKEN = { normal: 1, unknown: 2, control: 3, byte: 6 };

const uint16 = (value) => Buffer.from(Uint16Array.of(value).buffer);
const uint32 = (value) => Buffer.from(Uint32Array.of(value).buffer);
const uint64 = (value) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
const float32 = (value) => Buffer.from(Float32Array.of(value).buffer);
const string = (text) => Buffer.concat([uint64(Buffer.byteLength(text)), Buffer.from(text)]);
const write = { uint16, uint32, int32: uint32, float32, string };

function entry(key, type, value) {
  const head = [string(key), uint32(Array.isArray(value) ? TYPE.array : TYPE[type])];
  if (!Array.isArray(value)) return Buffer.concat([...head, write[type](value)]);
  return Buffer.concat([...head, uint32(TYPE[type]), uint64(value.length), ...value.map(write[type])]);
}

const byteTokens = Array.from(
  { length: 256 },
  (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
);
const tokens = ['<unk>', '<s>', '</s>', ...byteTokens];
const types = [TOKEN.unknown, TOKEN.control, TOKEN.control, ...byteTokens.map(() => TOKEN.byte)];

const metadata = [
  entry('general.architecture', 'string', 'llama'),
  entry('general.name', 'string', 'weightseal-tiny'),
  entry('llama.context_length', 'uint32', 256),
  entry('llama.embedding_length', 'uint32', WIDTH),
  entry('llama.feed_forward_length', 'uint32', FORWARD),
  entry('llama.block_count', 'uint32', BLOCKS),
  entry('llama.attention.head_count', 'uint32', HEADS),
  entry('llama.attention.layer_norm_rms_epsilon', 'float32', 1e-5),
  entry('llama.rope.dimension_count', 'uint32', WIDTH / HEADS),
  entry('tokenizer.ggml.model', 'string', 'llama'),
  entry('tokenizer.ggml.tokens', 'string', tokens),
  entry(
    'tokenizer.ggml.scores',
    'float32',
    tokens.map(() => 0),
  ),
  entry('tokenizer.ggml.token_type', 'int32', types),
  entry('tokenizer.ggml.bos_token_id', 'uint32', 1),
  entry('tokenizer.ggml.eos_token_id', 'uint32', 2),
];

const block = (n) => [
  [`blk.${n}.attn_norm.weight`, WIDTH],
  [`blk.${n}.attn_q.weight`, WIDTH, WIDTH],
  [`blk.${n}.attn_k.weight`, WIDTH, WIDTH],
  [`blk.${n}.attn_v.weight`, WIDTH, WIDTH],
  [`blk.${n}.attn_output.weight`, WIDTH, WIDTH],
  [`blk.${n}.ffn_norm.weight`, WIDTH],
  [`blk.${n}.ffn_gate.weight`, WIDTH, FORWARD],
  [`blk.${n}.ffn_up.weight`, WIDTH, FORWARD],
  [`blk.${n}.ffn_down.weight`, FORWARD, WIDTH],
];
const tensors = [
  ['token_embd.weight', WIDTH, tokens.length],
  ...Array.from({ length: BLOCKS }, (_, n) => block(n)).flat(),
  ['output_norm.weight', WIDTH],
  ['output.weight', WIDTH, tokens.length],
];

let state = 1;
/** From -1 to 1, in a fixed order. */
function next() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 31 - 1;
}

const padded = (size) => Math.ceil(size / ALIGNMENT) * ALIGNMENT;
const made = tensors.map(([name, ...shape]) => {
  const length = shape.reduce((product, size) => product * size, 1);
  // Norms stay near one, so that no layer silences the next.
  const values = Float32Array.from({ length }, () => (shape.length === 1 ? 1 + next() / 8 : next() / 4));
  const bytes = Buffer.alloc(padded(values.byteLength));
  bytes.set(new Uint8Array(values.buffer));
  return { name, shape, bytes };
});

function file(entries, some) {
  let offset = 0;
  const infos = some.map(({ name, shape, bytes }) => {
    const at = uint64(offset);
    offset += bytes.length;
    return Buffer.concat([string(name), uint32(shape.length), ...shape.map(uint64), uint32(0), at]);
  });
  const counts = [uint64(some.length), uint64(entries.length)];
  const head = Buffer.concat([Buffer.from('GGUF'), uint32(3), ...counts, ...entries, ...infos]);
  const gap = Buffer.alloc(padded(head.length) - head.length);
  return Buffer.concat([head, gap, ...some.map(({ bytes }) => bytes)]);
}

const [, , output, count = '1'] = argv;
if (!output) throw new Error('Name the file to write: node make-gguf.mjs tiny.gguf');
const files = Number(count);
if (files === 1) writeFileSync(output, file(metadata, made));
else {
  const each = Math.ceil(made.length / files);
  const number = (n) => String(n).padStart(5, '0');
  for (let n = 0; n < files; n++) {
    const split = [
      entry('split.no', 'uint16', n),
      entry('split.count', 'uint16', files),
      entry('split.tensors.count', 'int32', made.length),
    ];
    const name = output.replace(/\.gguf$/, `-${number(n + 1)}-of-${number(files)}.gguf`);
    writeFileSync(name, file([...(n === 0 ? metadata : []), ...split], made.slice(n * each, (n + 1) * each)));
  }
}

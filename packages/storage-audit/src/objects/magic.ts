import { isOnnx } from './onnx.js';
import { isPickle, isTorchPickle } from './pickle.js';
import { zipKind } from './zip.js';

// By the first bytes of a file whether it is model weights, and of which format. Pure.

/** No more is read of any object. */
export const HEAD_BYTES = 4096;
/** What is shorter holds no weights that are worth a word. */
export const LEAST_BYTES = 16;

export type WeightFormat =
  | 'safetensors'
  | 'gguf'
  | 'ggml'
  | 'onnx'
  | 'torch'
  | 'pickle'
  | 'numpy'
  | 'hdf5'
  | 'keras'
  | 'tflite';

/** FORMAT.md §3. */
const SEALED = '\x89WSEAL\r\n';
/** FORMAT.md §9.2. */
const PAYLOAD_HEADER = 74;
const IV_LENGTH = 32;
const LEAST_SEGMENT = 64;
const MOST_SEGMENT = 16_777_216;
/** safetensors refuses longer headers (`MAX_HEADER_SIZE` of its reference implementation). */
const MOST_SAFETENSORS_HEADER = 100_000_000n;
/** Those before GGUF, as they lie in a file: `ggml`, `ggmf`, `ggjt`, `ggla` as numbers with the lowest byte first. */
const GGML: readonly string[] = ['lmgg', 'fmgg', 'tjgg', 'algg'];
/** HDF5 File Format Specification 3.0, II.A: at 0, or at 512 and its doubles where something of a user's stands before. */
const HDF5 = '\x89HDF\r\n\x1a\n';
const HDF5_AT = [0, 512, 1024, 2048];
const NUMPY = '\x93NUMPY';
/** The identifier of the schema, behind the offset of the root (FlatBuffers). */
const TFLITE = 'TFL3';

/**
 * What the weights are, by at most the first 4 KiB; undefined for what is not known as weights.
 *
 * @param head the first bytes: 4 KiB, or all of a shorter file
 * @param size bytes of the whole file
 * @param path its name, which decides only where bytes alone could be much else
 */
export function weightFormatOf(head: Uint8Array, size: number, path: string): WeightFormat | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, HEAD_BYTES));
  if (bytes.length < LEAST_BYTES || size < bytes.length) return undefined;
  const at = (offset: number, length: number) => bytes.toString('latin1', offset, offset + length);
  if (at(0, 4) === 'GGUF') return 'gguf';
  if (GGML.includes(at(0, 4))) return 'ggml';
  if (at(0, NUMPY.length) === NUMPY) return 'numpy';
  if (HDF5_AT.some((offset) => at(offset, HDF5.length) === HDF5)) return 'hdf5';
  if (at(4, TFLITE.length) === TFLITE) return 'tflite';
  if (isSafetensors(bytes, size)) return 'safetensors';
  const zip = zipKind(bytes, path);
  if (zip) return zip;
  if (isTorchPickle(bytes)) return 'torch';
  if (isPickle(bytes, path)) return 'pickle';
  return isOnnx(bytes, size, path) ? 'onnx' : undefined;
}

/** Whether a sealed file begins so. */
export function isSealedHead(head: Uint8Array): boolean {
  return (
    Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1', 0, SEALED.length) === SEALED
  );
}

/** FORMAT.md §9.2: how the payload of a member of a bundle begins, before its random numbers. No format of weights does. */
export function isPayloadHead(head: Uint8Array): boolean {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (bytes.length < PAYLOAD_HEADER || bytes.readUInt16BE(0) !== 0 || bytes.readUInt32BE(6) !== IV_LENGTH)
    return false;
  const segment = bytes.readUInt32BE(2);
  return segment >= LEAST_SEGMENT && segment <= MOST_SEGMENT;
}

/** The length of a header in JSON, and the header: https://github.com/huggingface/safetensors#format */
function isSafetensors(bytes: Buffer, size: number): boolean {
  const length = bytes.readBigUInt64LE(0);
  if (length < 2n || length > MOST_SAFETENSORS_HEADER || length + 8n > BigInt(size)) return false;
  return /^\{\s*["}]/.test(bytes.toString('latin1', 8, 64));
}

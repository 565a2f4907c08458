import { bytesOf, type Dtype, isDtype } from './dtype.js';
import { invalid, quoted } from './invalid.js';
import { Scanner } from './scanner.js';

/** What a safetensors file says of one tensor. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: Dtype;
  /** Row-major; empty for a scalar. */
  readonly shape: readonly number[];
  /** Where its bytes begin in the safetensors file. */
  readonly offset: number;
  readonly byteLength: number;
  /** Of a bundle: the member that it is in. */
  readonly member?: string;
}

export interface SafetensorsHeader {
  /** In the order of their bytes in the file. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** `__metadata__`; without a prototype. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The length of the header stands before it, in eight bytes. */
export const PREFIX = 8;
/** The format's own limit. */
export const MAX_HEADER = 100_000_000;
/** As many as NumPy and PyTorch take. */
const MAX_DIMENSIONS = 64;
/** Tensors, members of the metadata, and members of tensors that mean nothing here: far more than any model has, so that a header of 100 MB does not become gigabytes. */
export const MAX_NAMES = 1_000_000;
const MEMBERS: readonly string[] = ['dtype', 'shape', 'data_offsets'];
const isKnown = (member: string): boolean => MEMBERS.includes(member);
const BRACE = 0x7b;

/** Where the header ends in a file that begins like this. @throws SAFETENSORS_INVALID */
export function headerEnd(start: Uint8Array<ArrayBuffer>, fileSize: number): number {
  if (start.length < PREFIX) throw invalid(`it has ${fileSize} bytes, too few for one`);
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  if (length > MAX_HEADER)
    throw invalid(`its header would have ${length} bytes, and ${MAX_HEADER} are allowed`);
  const end = PREFIX + Number(length);
  if (end > fileSize) throw invalid(`its header would end at byte ${end} of ${fileSize}`);
  return end;
}

/**
 * Reads a header: the JSON, without the length before it. Takes what the reference implementation takes, less what the format's description leaves out:
 * names that occur twice, tensors that are written as lists, more dimensions and names than there are. Like the reference, ignores members of a tensor that it does not know.
 *
 * @throws SAFETENSORS_INVALID
 */
export function parseHeader(json: Uint8Array<ArrayBuffer>, fileSize: number): SafetensorsHeader {
  if (json[0] !== BRACE) throw invalid('its header does not begin with {');
  const scanner = new Scanner(json);
  const start = PREFIX + json.length;
  const tensors: TensorInfo[] = [];
  let metadata: Record<string, string> = Object.create(null);
  let ignored = 0;
  const ignore = () => {
    checkCount(++ignored);
    scanner.skip();
  };
  scanner.object((name) => {
    if (name === '__metadata__') metadata = readMetadata(scanner);
    else tensors.push(readTensor(scanner, name, start, ignore));
    checkCount(tensors.length);
  });
  scanner.end();
  tensors.sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength);
  checkCover(tensors, start, fileSize);
  return {
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
    metadata: Object.freeze(metadata),
  };
}

function readMetadata(scanner: Scanner): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null);
  // As some writers say that there is none.
  if (scanner.null()) return metadata;
  let count = 0;
  scanner.object((name) => {
    checkCount(++count);
    metadata[name] = scanner.string();
  });
  return metadata;
}

function readTensor(scanner: Scanner, name: string, start: number, ignore: () => void): TensorInfo {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  scanner.object((member) => {
    if (member === 'dtype') dtype = scanner.string();
    else if (member === 'shape') shape = readNumbers(scanner, name, MAX_DIMENSIONS);
    else if (member === 'data_offsets') offsets = readNumbers(scanner, name, 2);
    else ignore();
  }, isKnown);
  const [from, to] = offsets ?? [];
  if (dtype === undefined || !shape || from === undefined || to === undefined)
    throw invalid(`${quoted(name)} needs a dtype, a shape and two data_offsets`);
  if (!isDtype(dtype))
    throw invalid(`${quoted(name)} has the dtype ${quoted(dtype)}, which is not known here`);
  const byteLength = to - from;
  if (bytesOf(dtype, shape) !== byteLength)
    throw invalid(`${quoted(name)} has ${byteLength} bytes, which its dtype and shape do not come to`);
  return Object.freeze({ name, dtype, shape: Object.freeze(shape), offset: start + from, byteLength });
}

function readNumbers(scanner: Scanner, name: string, most: number): number[] {
  const numbers: number[] = [];
  scanner.array(() => {
    if (numbers.length === most) throw invalid(`${quoted(name)} has a list of more than ${most} numbers`);
    numbers.push(scanner.integer());
  });
  return numbers;
}

/** Every byte behind the header is one tensor's: no holes, no overlaps, nothing behind. */
function checkCover(tensors: readonly TensorInfo[], start: number, fileSize: number): void {
  let end = start;
  for (const { name, offset, byteLength } of tensors) {
    if (offset !== end) throw invalid(`${quoted(name)} begins at byte ${offset}, and should at ${end}`);
    end += byteLength;
  }
  if (end !== fileSize) throw invalid(`its tensors end at byte ${end} of ${fileSize}`);
}

function checkCount(count: number): void {
  if (count > MAX_NAMES) throw invalid(`its header has more than ${MAX_NAMES} names`);
}

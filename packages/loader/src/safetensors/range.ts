import { WeightsealError } from '@weightseal/core';
import type { TensorInfo } from './header.js';
import { quoted } from './invalid.js';

export interface ByteRange {
  /** The default is 0. */
  readonly from?: number | undefined;
  /** The default is the tensor's end. */
  readonly to?: number | undefined;
}

/** Bytes of a tensor that a caller asked for. @throws INVALID_ARGUMENT */
export function checkedRange(info: TensorInfo, range: ByteRange): [from: number, to: number] {
  const { from = 0, to = info.byteLength } = range;
  if (isWithin(from, to, info.byteLength)) return [from, to];
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `${quoted(info.name)} has no bytes ${from} to ${to}; it has ${info.byteLength}.`,
  );
}

/** The bytes of some rows along the first dimension. @throws INVALID_ARGUMENT */
export function rowRange(info: TensorInfo, rows: readonly [number, number]): [from: number, to: number] {
  const { name, shape, byteLength } = info;
  const [count] = shape;
  if (count === undefined)
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `${quoted(name)} is a scalar, which has no rows; read it whole.`,
    );
  const [from, to] = rows;
  if (!isWithin(from, to, count))
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `${quoted(name)} has no rows ${from} to ${to}; it has ${count}.`,
    );
  const rowBits = count === 0 ? 0 : (byteLength * 8) / count;
  const bytes: [number, number] = [(from * rowBits) / 8, (to * rowBits) / 8];
  if (bytes.every(Number.isInteger)) return bytes;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `${quoted(name)} has rows of ${rowBits} bits, and these do not begin and end with a byte; ask for others around them.`,
  );
}

function isWithin(from: number, to: number, count: number): boolean {
  return Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && from <= to && to <= count;
}

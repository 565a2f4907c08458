import { randomFillSync, timingSafeEqual } from '../common/crypto.js';
import { WeightsealError } from '../errors.js';
import { ownBytes, secretBytes } from '../format/bytes.js';

/** FORMAT.md §1.7. */
export const DATA_KEY_BYTES = 32;

/** For key providers: what they are asked to wrap must be a data key. @throws INVALID_ARGUMENT */
export function checkDataKey(dataKey: Uint8Array): void {
  if (ownBytes(dataKey)?.length === DATA_KEY_BYTES) return;
  throw new WeightsealError('INVALID_ARGUMENT', `A data key must be ${DATA_KEY_BYTES} bytes long.`);
}

/** Zeroes what a provider gave too late, where it is bytes at all. */
export function wipeBytes(late: unknown): void {
  ownBytes(late)?.fill(0);
}

/** A data key in memory. Zeroed when it is disposed of: `using key = …`. */
export class DataKey implements Disposable {
  readonly bytes: Uint8Array;

  private constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  static random(): DataKey {
    return new DataKey(randomFillSync(secretBytes(DATA_KEY_BYTES)));
  }

  /**
   * Takes over what a KeyWrapper unwrapped, into memory that the provider does not know; its own is zeroed. FORMAT.md §7.2.
   *
   * @throws KEY_RESPONSE_INVALID
   */
  static take(given: unknown, keyUri: string): DataKey {
    const bytes = ownBytes(given);
    try {
      if (bytes?.length === DATA_KEY_BYTES) return DataKey.copy(bytes);
    } finally {
      bytes?.fill(0);
    }
    throw new WeightsealError(
      'KEY_RESPONSE_INVALID',
      `${keyUri} gave something other than a data key of ${DATA_KEY_BYTES} bytes; check which key it is.`,
    );
  }

  private static copy(bytes: Uint8Array): DataKey {
    const copy = secretBytes(DATA_KEY_BYTES);
    copy.set(bytes);
    return new DataKey(copy);
  }

  /** A copy with an owner of its own. */
  clone(): DataKey {
    return DataKey.copy(this.bytes);
  }

  equals(other: DataKey): boolean {
    return timingSafeEqual(this.bytes, other.bytes);
  }

  [Symbol.dispose](): void {
    this.bytes.fill(0);
  }
}

import { WeightsealError } from '../errors.js';
import { MANIFEST_NAME } from '../format/release-names.js';

const HEX_DIGEST = /^[0-9a-f]{64}$/;

export function isHexDigest(value: unknown): value is string {
  return typeof value === 'string' && HEX_DIGEST.test(value);
}

export function manifestInvalid(why: string): WeightsealError {
  return new WeightsealError(
    'MANIFEST_INVALID',
    `The manifest (${MANIFEST_NAME}) cannot be used: ${why}. Get a sound copy from where it was released.`,
  );
}

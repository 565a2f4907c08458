import { WeightsealError } from '@weightseal/core';

const URN = /^urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const UUID_BYTES = 16;

/** A UUID of version 8 (RFC 9562, §5.8 and B.2): the first 122 bits that such a one has for data are those of the manifest's digest, so that whoever has the release has its number. */
export function serialNumberOf(digest: string): string {
  const bytes = Buffer.from(digest, 'hex').subarray(0, UUID_BYTES);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `urn:uuid:${hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`;
}

/** The library would leave out, in silence, what is none. @throws INVALID_ARGUMENT */
export function checkSerialNumber(given: string): string {
  if (URN.test(given)) return given;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    'The serial number must be a UUID, as urn:uuid:… in lower-case hexadecimal digits.',
  );
}

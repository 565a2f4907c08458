import { crc32 } from 'node:zlib';
import { WeightsealError } from '@weightseal/core';

/** As S3 has it: four bytes, the highest first, in base64. */
export function checksumOf(bytes: Uint8Array): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum.toString('base64');
}

/** What a server says that it took. Those that say nothing have compared it, or do not know it. @throws STORE_RESPONSE_INVALID */
export function compareChecksum(sent: string, told: string | undefined, where: string): void {
  if (told === undefined || told === '' || told === sent) return;
  throw new WeightsealError(
    'STORE_RESPONSE_INVALID',
    `The server took other bytes for ${where} than were sent: their checksums differ. Something between changes them; reach the store without it.`,
  );
}

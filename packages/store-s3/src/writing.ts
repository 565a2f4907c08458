import type { ObjectWriteOptions, StoreCall, StoredObject, WriteCondition } from '@weightseal/core';
import { isWeightsealError } from '@weightseal/core';
import type { Bucket } from './ask.js';
import { checksumOf, compareChecksum } from './checksum.js';
import { incomplete } from './reading.js';

export async function put(
  { ask, uri }: Bucket,
  key: string,
  bytes: Uint8Array,
  { condition }: ObjectWriteOptions,
  call: StoreCall,
): Promise<StoredObject> {
  const sum = checksumOf(bytes);
  const asked = { operation: 'PutObject', key, condition } as const;
  const { ETag, ChecksumCRC32 } = await ask(asked, call, ({ sdk, client, common, abort }) =>
    client.send(
      new sdk.PutObjectCommand({
        ...common,
        Key: key,
        Body: bytes,
        ContentLength: bytes.length,
        ContentType: 'application/octet-stream',
        ChecksumCRC32: sum,
        ...conditionHeaders(condition),
      }),
      abort,
    ),
  );
  compareChecksum(sum, ChecksumCRC32, `${uri}/${key}`);
  if (!ETag) throw incomplete(`${uri}/${key}`);
  return { key, size: bytes.length, version: ETag };
}

export async function remove(
  { ask }: Bucket,
  key: string,
  { version }: { readonly version?: string | undefined },
  call: StoreCall,
): Promise<void> {
  try {
    await ask({ operation: 'DeleteObject', key }, call, ({ sdk, client, common, abort }) =>
      client.send(
        new sdk.DeleteObjectCommand({
          ...common,
          Key: key,
          ...(version !== undefined && { IfMatch: version }),
        }),
        abort,
      ),
    );
  } catch (error) {
    // S3 itself says nothing; others do.
    if (!isWeightsealError(error) || error.code !== 'INPUT_NOT_FOUND') throw error;
  }
}

export function conditionHeaders(
  condition: WriteCondition | undefined,
): { readonly IfNoneMatch: '*' } | { readonly IfMatch: string } | undefined {
  if (!condition) return undefined;
  return 'ifAbsent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.ifVersion };
}

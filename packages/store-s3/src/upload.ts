import type {
  CopiedPart,
  ObjectWriteOptions,
  PartRules,
  ResumeOptions,
  StoreCall,
  StoredObject,
  Upload,
  UploadPart,
  WriteCondition,
} from '@weightseal/core';
import { WeightsealError } from '@weightseal/core';
import type { Bucket } from './ask.js';
import { checksumOf, compareChecksum } from './checksum.js';
import { incomplete } from './reading.js';
import { ticketFor, ticketOf } from './ticket.js';
import { abortUpload, listParts } from './unfinished.js';
import { conditionHeaders } from './writing.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const RULES: PartRules = {
  least: 5 * 2 ** 20,
  most: 5 * 2 ** 30,
  multiple: 1,
  count: 10_000,
  anyOrder: true,
};

export async function upload(
  bucket: Bucket,
  key: string,
  { condition }: ObjectWriteOptions,
  call: StoreCall,
): Promise<Upload> {
  const { UploadId } = await bucket.ask(
    { operation: 'CreateMultipartUpload', key },
    call,
    ({ sdk, client, common, abort }) =>
      client.send(
        new sdk.CreateMultipartUploadCommand({
          ...common,
          Key: key,
          ContentType: 'application/octet-stream',
          ChecksumAlgorithm: 'CRC32',
        }),
        abort,
      ),
  );
  if (!UploadId) throw incomplete(`${bucket.uri}/${key}`);
  return new S3Upload(bucket, key, UploadId, condition);
}

/** What is there is what S3 lists, with the checksums that it must be told again at the end; not every server lists those. @throws INPUT_NOT_FOUND */
export async function resume(
  bucket: Bucket,
  key: string,
  { condition, ticket, size, partBytes }: ResumeOptions,
  call: StoreCall,
): Promise<Upload> {
  const { id, sumOf, hasSums } = ticketOf(ticket);
  const upload = new S3Upload(bucket, key, id, condition);
  for await (const { PartNumber, Size, ETag, ChecksumCRC32 } of listParts(bucket, key, id, call)) {
    const index = (PartNumber ?? 0) - 1;
    const sum = sumOf(index);
    const isKnown = hasSums ? sum !== undefined && (ChecksumCRC32 ?? sum) === sum : true;
    if (isKnown && Size === Math.min(partBytes, size - index * partBytes))
      upload.keep(index, Size, { ETag, ChecksumCRC32: sum ?? ChecksumCRC32 });
  }
  return upload;
}

/** A part that the server has, as it must be told at the end. */
interface Part {
  readonly ETag: string;
  readonly ChecksumCRC32?: string;
  readonly size: number;
}

class S3Upload implements Upload {
  readonly rules: PartRules = RULES;
  readonly #bucket: Bucket;
  readonly #key: string;
  readonly #id: string;
  readonly #condition: WriteCondition | undefined;
  readonly #parts = new Map<number, Part>();

  constructor(bucket: Bucket, key: string, id: string, condition: WriteCondition | undefined) {
    this.#bucket = bucket;
    this.#key = key;
    this.#id = id;
    this.#condition = condition;
  }

  async part({ index, bytes }: UploadPart, call: StoreCall): Promise<void> {
    const sum = checksumOf(bytes);
    const { ETag, ChecksumCRC32 } = await this.#bucket.ask(
      { operation: 'UploadPart', key: this.#key },
      call,
      ({ sdk, client, common, abort }) =>
        client.send(
          new sdk.UploadPartCommand({
            ...common,
            Key: this.#key,
            UploadId: this.#id,
            PartNumber: index + 1,
            Body: bytes,
            ContentLength: bytes.length,
            ChecksumCRC32: sum,
          }),
          abort,
        ),
    );
    compareChecksum(sum, ChecksumCRC32, this.#where);
    this.keep(index, bytes.length, { ETag, ChecksumCRC32 });
  }

  async copy({ index, from, offset, length }: CopiedPart, call: StoreCall): Promise<void> {
    const { CopyPartResult } = await this.#bucket.ask(
      { operation: 'UploadPartCopy', key: from.key },
      call,
      ({ sdk, client, common, abort }) =>
        client.send(
          new sdk.UploadPartCopyCommand({
            ...common,
            Key: this.#key,
            UploadId: this.#id,
            PartNumber: index + 1,
            CopySource: `${this.#bucket.name}/${from.key.split('/').map(encodeURIComponent).join('/')}`,
            CopySourceIfMatch: from.version,
            CopySourceRange: `bytes=${offset}-${offset + length - 1}`,
            ...(common.ExpectedBucketOwner && { ExpectedSourceBucketOwner: common.ExpectedBucketOwner }),
          }),
          abort,
        ),
    );
    // versitygw 1.7 gives the whole source's checksum for a range of it, and then does not take it.
    if (CopyPartResult?.ChecksumCRC32?.includes('-'))
      throw new WeightsealError(
        'STORE_UNSUPPORTED',
        `${this.#where}: the store cannot copy a part of what was uploaded in parts.`,
      );
    this.keep(index, length, CopyPartResult);
  }

  async complete(call: StoreCall): Promise<StoredObject> {
    const parts = [...this.#parts].sort(([a], [b]) => a - b);
    const { ETag } = await this.#bucket.ask(
      { operation: 'CompleteMultipartUpload', key: this.#key, condition: this.#condition },
      call,
      ({ sdk, client, common, abort }) =>
        client.send(
          new sdk.CompleteMultipartUploadCommand({
            ...common,
            Key: this.#key,
            UploadId: this.#id,
            MultipartUpload: {
              Parts: parts.map(([index, { size: _, ...part }]) => ({ PartNumber: index + 1, ...part })),
            },
            ...conditionHeaders(this.#condition),
          }),
          abort,
        ),
    );
    if (!ETag) throw incomplete(this.#where);
    return { key: this.#key, size: parts.reduce((sum, [, { size }]) => sum + size, 0), version: ETag };
  }

  async abort(call: StoreCall): Promise<void> {
    await abortUpload(this.#bucket, this.#key, this.#id, call);
  }

  get ticket(): string {
    return ticketFor(this.#id, this.#parts);
  }

  get taken(): ReadonlySet<number> {
    return new Set(this.#parts.keys());
  }

  get #where(): string {
    return `${this.#bucket.uri}/${this.#key}`;
  }

  keep(
    index: number,
    size: number,
    answer: { readonly ETag?: string | undefined; readonly ChecksumCRC32?: string | undefined } | undefined,
  ): void {
    const { ETag, ChecksumCRC32 } = answer ?? {};
    if (!ETag) throw incomplete(this.#where);
    this.#parts.set(index, { ETag, ...(ChecksumCRC32 && { ChecksumCRC32 }), size });
  }
}

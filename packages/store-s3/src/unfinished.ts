import type { Part } from '@aws-sdk/client-s3';
import { type StoreCall, type UnfinishedUpload, WeightsealError } from '@weightseal/core';
import type { Bucket } from './ask.js';
import { statusOf } from './errors.js';
import { next, wrongList } from './listing.js';

/** What is answered for an upload that is over, or to what no upload is called. */
const OVER: readonly unknown[] = [400, 404];

export async function* unfinished(
  bucket: Bucket,
  prefix: string,
  call: StoreCall,
): AsyncGenerator<UnfinishedUpload> {
  const { ask, uri } = bucket;
  let marker: { readonly KeyMarker: string; readonly UploadIdMarker?: string } | undefined;
  do {
    const at = marker;
    const page = await ask(
      { operation: 'ListMultipartUploads', key: prefix },
      call,
      ({ sdk, client, common, abort }) =>
        client.send(new sdk.ListMultipartUploadsCommand({ ...common, Prefix: prefix, ...at }), abort),
    );
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (!Key?.startsWith(prefix) || !UploadId) throw wrongList(uri);
      yield {
        key: Key,
        ...(Initiated && { started: Initiated.toISOString() }),
        abort: (given) => abortUpload(bucket, Key, UploadId, given),
      };
    }
    const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page;
    const from = at && `${at.KeyMarker}\n${at.UploadIdMarker ?? ''}`;
    const to = NextKeyMarker && `${NextKeyMarker}\n${NextUploadIdMarker ?? ''}`;
    marker =
      next(IsTruncated, to, from, uri) === undefined
        ? undefined
        : { KeyMarker: NextKeyMarker!, ...(NextUploadIdMarker && { UploadIdMarker: NextUploadIdMarker }) };
  } while (marker !== undefined);
}

/** @throws INPUT_NOT_FOUND for an upload that is over */
export async function* listParts(
  { ask, uri }: Bucket,
  key: string,
  UploadId: string,
  call: StoreCall,
): AsyncGenerator<Part> {
  let marker: string | undefined;
  do {
    const at = marker;
    const page = await ask({ operation: 'ListParts', key }, call, ({ sdk, client, common, abort }) =>
      client
        .send(
          new sdk.ListPartsCommand({
            ...common,
            Key: key,
            UploadId,
            ...(at !== undefined && { PartNumberMarker: at }),
          }),
          abort,
        )
        .catch((error: unknown) => {
          throw OVER.includes(statusOf(error)) ? over(`${uri}/${key}`) : error;
        }),
    );
    yield* page.Parts ?? [];
    marker = next(page.IsTruncated, page.NextPartNumberMarker, at, uri);
  } while (marker !== undefined);
}

export async function abortUpload(
  { ask }: Bucket,
  key: string,
  UploadId: string,
  call: StoreCall,
): Promise<void> {
  await ask({ operation: 'AbortMultipartUpload', key }, call, ({ sdk, client, common, abort }) =>
    client
      .send(new sdk.AbortMultipartUploadCommand({ ...common, Key: key, UploadId }), abort)
      .catch((error: unknown) => {
        // It is over already.
        if (statusOf(error) !== 404) throw error;
      }),
  );
}

function over(where: string): WeightsealError {
  return new WeightsealError(
    'INPUT_NOT_FOUND',
    `The upload of ${where} is there no more: it is complete, or was given up. Begin anew.`,
  );
}

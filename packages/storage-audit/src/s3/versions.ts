import type { ListObjectVersionsCommandOutput } from '@aws-sdk/client-s3';
import type { CountVersions, OlderVersions } from '../objects/types.js';
import { Clients } from './clients.js';
import { Unread } from './failures.js';
import { checkBucket, checkedOptions, type S3AuditOptions } from './options.js';
import { sending } from './send.js';

/**
 * Counts the older versions and the delete markers of a bucket of S3, for `auditObjects`. It takes a request for each thousand, and the permission `s3:ListBucketVersions`; none of them is read.
 *
 * @param key of the object whose versions count, and those below it; all of the bucket unless told
 * @throws INVALID_ARGUMENT
 */
export function s3Versions(bucket: string, options: S3AuditOptions = {}, key = ''): CountVersions {
  checkBucket(bucket);
  const checked = checkedOptions(options);
  return async ({ signal }) => {
    const clients = new Clients(checked);
    try {
      return await counted(bucket, key, clients, { ...checked, ...(signal && { signal }) });
    } finally {
      clients.close();
    }
  };
}

type Page = Pick<
  ListObjectVersionsCommandOutput,
  'Versions' | 'DeleteMarkers' | 'IsTruncated' | 'NextKeyMarker' | 'NextVersionIdMarker'
>;

async function counted(
  bucket: string,
  place: string,
  clients: Clients,
  options: S3AuditOptions,
): Promise<OlderVersions> {
  const send = sending(options);
  const { bucketOwner } = options;
  const asked = {
    operation: 'ListObjectVersions',
    permission: 's3:ListBucketVersions',
    of: `s3://${bucket}`,
    owner: bucketOwner,
  };
  let [count, size] = [0, 0];
  let at: Pick<Page, 'NextKeyMarker' | 'NextVersionIdMarker'> | undefined;
  do {
    const from = at;
    const page: Page | undefined = await send<Page>(asked, async () => {
      const { sdk, client } = await clients.s3();
      const input = {
        Bucket: bucket,
        Prefix: place,
        ...(bucketOwner !== undefined && { ExpectedBucketOwner: bucketOwner }),
        ...(from && { KeyMarker: from.NextKeyMarker, VersionIdMarker: from.NextVersionIdMarker }),
      };
      return [client, new sdk.ListObjectVersionsCommand(input)];
    });
    const { Versions = [], DeleteMarkers = [] } = page ?? {};
    // The prefix `models` is that of `models-2`, too.
    const isThere = ({ Key = '' }: { readonly Key?: string | undefined }) =>
      place === '' || Key === place || Key.startsWith(`${place}/`);
    const older = Versions.filter((one) => one.IsLatest !== true && isThere(one));
    count += older.length + DeleteMarkers.filter(isThere).length;
    size = older.reduce((sum, { Size = 0 }) => sum + Size, size);
    at = next(page, from, bucket);
  } while (at);
  return { count, size };
}

/** Where the next page begins. @throws Unread for a listing that leads nowhere, or back to the same */
function next(page: Page | undefined, before: Page | undefined, bucket: string): Page | undefined {
  if (page?.IsTruncated !== true) return undefined;
  const { NextKeyMarker, NextVersionIdMarker } = page;
  const isSame =
    before?.NextKeyMarker === NextKeyMarker && before?.NextVersionIdMarker === NextVersionIdMarker;
  if (NextKeyMarker !== undefined && !isSame) return { NextKeyMarker, NextVersionIdMarker };
  throw new Unread(`The list of versions of s3://${bucket} does not come to an end. Check the endpoint.`);
}

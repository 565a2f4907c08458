import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { type Listed, type StoreCall, WeightsealError } from '@weightseal/core';
import type { Bucket } from './ask.js';

export async function* list(
  { ask, uri }: Bucket,
  prefix: string,
  { oneLevel }: { readonly oneLevel: boolean },
  call: StoreCall,
): AsyncGenerator<Listed> {
  let token: string | undefined;
  do {
    const at = token;
    const page = await ask(
      { operation: 'ListObjectsV2', key: prefix },
      call,
      ({ sdk, client, common, abort }) =>
        client.send(
          new sdk.ListObjectsV2Command({
            ...common,
            Prefix: prefix,
            ...(oneLevel && { Delimiter: '/' }),
            ...(at !== undefined && { ContinuationToken: at }),
          }),
          abort,
        ),
    );
    yield* inOrder(page, prefix, uri);
    token = next(page.IsTruncated, page.NextContinuationToken, at, uri);
  } while (token !== undefined);
}

/** Objects and prefixes come apart, each in order. */
function inOrder(
  { Contents = [], CommonPrefixes = [] }: ListObjectsV2CommandOutput,
  prefix: string,
  uri: string,
): readonly Listed[] {
  const objects = Contents.map(({ Key, Size, ETag, LastModified }): Listed => {
    if (!Key?.startsWith(prefix) || Size === undefined || !ETag) throw wrongList(uri);
    const modified = LastModified && { modified: LastModified.toISOString() };
    return { key: Key, size: Size, version: ETag, ...modified };
  });
  if (CommonPrefixes.length === 0) return objects;
  const levels = CommonPrefixes.map(({ Prefix }): Listed => {
    if (!Prefix?.startsWith(prefix)) throw wrongList(uri);
    return { prefix: Prefix };
  });
  const bytes = new Map([...objects, ...levels].map((one) => [one, Buffer.from(nameOf(one))]));
  return [...bytes.keys()].sort((a, b) => Buffer.compare(bytes.get(a)!, bytes.get(b)!));
}

function nameOf(one: Listed): string {
  return 'prefix' in one ? one.prefix : one.key;
}

/** Where the next page begins. A server that leads back to the same would be listed for ever. */
export function next(
  more: boolean | undefined,
  token: string | undefined,
  before: string | undefined,
  uri: string,
): string | undefined {
  if (!more) return undefined;
  if (!token || token === before) throw wrongList(uri);
  return token;
}

export function wrongList(uri: string): WeightsealError {
  return new WeightsealError(
    'STORE_RESPONSE_INVALID',
    `What ${uri} lists is not what was asked for, or does not come to an end. What answered does not speak as S3 does; check the endpoint and proxies.`,
  );
}

import type { BlobItem, BlobPrefix } from '@azure/storage-blob';
import {
  checkRange,
  exactly,
  type Listed,
  type ObjectBody,
  type ObjectRange,
  type StoreCall,
  type StoredObject,
  WeightsealError,
} from '@weightseal/core';
import { azureError, failureOf } from './errors.js';
import { blobOf, type Place, storedObject } from './place.js';

const PAGE = 5000;

export function stat(place: Place, key: string, call: StoreCall): Promise<StoredObject> {
  const asked = place.asked('stat', key);
  return place.ask(asked, call, async (clients) => {
    const found = await blobOf(clients, key).getProperties({ abortSignal: call.signal });
    return (
      storedObject(key, found.contentLength, found) ??
      fail(asked.where, 'does not say which version it is of')
    );
  });
}

export function read(place: Place, key: string, range: ObjectRange, call: StoreCall): Promise<ObjectBody> {
  const { offset, length, version } = range;
  const asked = place.asked('read', key);
  return place.ask(asked, call, async (clients) => {
    const answer = await blobOf(clients, key)
      .download(offset, length, {
        abortSignal: call.signal,
        conditions: version === undefined ? {} : { ifMatch: version },
        maxRetryRequests: 0,
      })
      .catch((error: unknown) => {
        const { status, code } = failureOf(error);
        if (status === 416 && code !== 'ConditionNotMet') return undefined;
        throw error;
      });
    if (!answer) return beyond(place, key, range, call);
    const body = answer.readableStreamBody as NodeJS.ReadableStream & { destroy(): void };
    const { status, headers } = answer._response;
    try {
      const header = (name: string) => headers.get(name);
      const object = checkRange(key, range, { status, header }, asked.where);
      const expected = Math.min(length, object.size - offset);
      const pieces = body as AsyncIterable<Uint8Array>;
      return {
        object,
        body: exactly(pieces, expected, asked.where, (error) => azureError(error, asked, call.signal)),
      };
    } catch (error) {
      body.destroy();
      throw error;
    }
  });
}

/** Nothing lies in the range: of an empty blob, or behind the end of another. */
async function beyond(
  place: Place,
  key: string,
  { offset, version }: ObjectRange,
  call: StoreCall,
): Promise<ObjectBody> {
  const object = await stat(place, key, call);
  const { where } = place.asked('read', key);
  if (version !== undefined && object.version !== version)
    throw new WeightsealError('INPUT_CHANGED', `${where} was replaced meanwhile. Try again.`);
  if (object.size > offset) fail(where, 'says that there is no such range, and there is');
  return { object, body: nothing() };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

export async function* list(
  place: Place,
  prefix: string,
  oneLevel: boolean,
  call: StoreCall,
): AsyncGenerator<Listed> {
  const asked = place.asked('list', prefix);
  const options = { prefix, abortSignal: call.signal };
  const pages = await place.ask(asked, call, async ({ container }) =>
    (oneLevel ? container.listBlobsByHierarchy('/', options) : container.listBlobsFlat(options))
      .byPage({ maxPageSize: PAGE })
      [Symbol.asyncIterator](),
  );
  for (;;) {
    const { done, value } = await place.ask(asked, call, () => pages.next());
    if (done) return;
    const { blobItems = [], blobPrefixes = [] } = value.segment as {
      readonly blobItems?: readonly BlobItem[];
      readonly blobPrefixes?: readonly BlobPrefix[];
    };
    const page: Listed[] = [
      ...blobItems.map(
        ({ name, properties }) =>
          storedObject(name, properties.contentLength, properties) ??
          fail(asked.where, 'has a blob without size and version'),
      ),
      ...blobPrefixes.map(({ name }) => ({ prefix: name })),
    ];
    yield* page.sort((a, b) => Buffer.compare(Buffer.from(nameOf(a)), Buffer.from(nameOf(b))));
  }
}

function nameOf(one: Listed): string {
  return 'prefix' in one ? one.prefix : one.key;
}

export function fail(where: string, what: string): never {
  throw new WeightsealError(
    'STORE_RESPONSE_INVALID',
    `The answer for ${where} ${what}, which Azure does not do. Check the endpoint and proxies, and try again.`,
  );
}

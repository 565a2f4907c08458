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
import { jsonOf, strange } from './ask.js';
import { type Asked, failed } from './errors.js';
import { FIELDS, storedObject } from './metadata.js';
import type { Place } from './place.js';

const PAGE = '1000';

export async function stat(place: Place, key: string, { signal }: StoreCall): Promise<StoredObject> {
  const asked = place.asked('stat', key);
  const url = place.objectUrl(key, { fields: FIELDS });
  const answer = await place.ask({ method: 'GET', url }, asked, signal, [200]);
  return storedObject(await jsonOf(answer, asked, signal), asked.where, key);
}

/**
 * A range, under the condition that the object is still that generation. To ask for the generation itself would also be answered from a version that was replaced,
 * where the bucket keeps those, and with "no such object" where it does not.
 */
export async function read(
  place: Place,
  key: string,
  range: ObjectRange,
  call: StoreCall,
): Promise<ObjectBody> {
  const { offset, length, version } = range;
  const asked: Asked = { ...place.asked('read', key), pinned: version !== undefined };
  const url = place.objectUrl(key, { alt: 'media', ifGenerationMatch: version });
  const headers = { range: `bytes=${offset}-${offset + length - 1}` };
  const answer = await place.ask({ method: 'GET', url, headers }, asked, call.signal, [200, 206, 416]);
  if (answer.status === 416) {
    answer.body.destroy();
    return beyond(place, key, range, call);
  }
  try {
    // A transcoded answer has neither ranges nor the length of what lies there.
    if (answer.header('x-goog-stored-content-encoding') === 'gzip')
      throw new WeightsealError(
        'STORE_RESPONSE_INVALID',
        `${asked.where} lies there with the content encoding gzip, which no sealed object has. Upload it anew, without.`,
      );
    const object = checkRange(key, range, answer, asked.where, ({ header }) => header('x-goog-generation'));
    const expected = Math.min(length, object.size - offset);
    return {
      object,
      body: exactly(answer.body, expected, asked.where, (error) => failed(error, asked, call.signal)),
    };
  } catch (error) {
    answer.body.destroy();
    throw error;
  }
}

/** Nothing lies in the range: of an empty object, or behind the end of another. */
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
  if (object.size > offset) throw strange(where, 'says that there is no such range, and there is');
  return { object, body: nothing() };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

export async function* list(
  place: Place,
  prefix: string,
  oneLevel: boolean,
  { signal }: StoreCall,
): AsyncGenerator<Listed> {
  const asked = place.asked('list', prefix);
  const fields = `nextPageToken,prefixes,items(${FIELDS})`;
  let pageToken: string | undefined;
  do {
    const delimiter = oneLevel ? '/' : undefined;
    const url = place.listUrl({ prefix, delimiter, pageToken, fields, maxResults: PAGE });
    const answer = await place.ask({ method: 'GET', url }, asked, signal, [200]);
    const { items = [], prefixes = [], nextPageToken } = await jsonOf(answer, asked, signal);
    if (!Array.isArray(items) || !Array.isArray(prefixes)) throw strange(asked.where, 'is no list');
    const page: Listed[] = [
      ...items.map((item) => storedObject(item, asked.where)),
      ...prefixes.map((one) => ({ prefix: String(one) })),
    ];
    yield* page.sort((a, b) => Buffer.compare(Buffer.from(nameOf(a)), Buffer.from(nameOf(b))));
    if (nextPageToken !== undefined && (typeof nextPageToken !== 'string' || nextPageToken === pageToken))
      throw strange(asked.where, 'has no end');
    pageToken = nextPageToken || undefined;
  } while (pageToken !== undefined);
}

function nameOf(one: Listed): string {
  return 'prefix' in one ? one.prefix : one.key;
}

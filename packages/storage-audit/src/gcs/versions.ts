import type { CountVersions } from '../objects/types.js';
import { Unread } from '../s3/failures.js';
import type { Ask } from './ask.js';
import { membersOf } from './members.js';
import { read } from './read.js';

const FIELDS = 'kind,items(name,size,timeDeleted),nextPageToken';
/** JavaScript's numbers are whole up to there; the API has sizes as text. */
const SIZE = /^\d{1,15}$/;

/**
 * Counts the noncurrent versions of objects in a bucket of Google Cloud Storage, for `auditObjects`. It takes a request for each thousand objects, and the permission `storage.objects.list`; what is only kept by soft delete is
 * not among them.
 *
 * @param ask of the JSON API, as `auditGcs` takes it
 * @param key of the object whose versions count, and those below it; all of the bucket unless told
 */
export function gcsVersions(bucket: string, ask: Ask, key = ''): CountVersions {
  return async ({ signal }) => {
    let [count, size] = [0, 0];
    let token: string | undefined;
    do {
      const query = new URLSearchParams({ versions: 'true', fields: FIELDS });
      if (key !== '') query.set('prefix', key);
      if (token !== undefined) query.set('pageToken', token);
      const path = `/storage/v1/b/${encodeURIComponent(bucket)}/o?${query}`;
      const answer = await read(ask, path, 'storage.objects.list', isList, signal);
      if ('unread' in answer) throw new Unread(answer.unread);
      const { items = [], nextPageToken: next } = answer.body;
      for (const item of items as readonly unknown[]) {
        const { name, size: bytes, timeDeleted } = membersOf(item) ?? {};
        // The prefix `models` is that of `models-2`, too.
        const isThere =
          key === '' || name === key || (typeof name === 'string' && name.startsWith(`${key}/`));
        if (timeDeleted === undefined || !isThere) continue;
        count++;
        if (typeof bytes === 'string' && SIZE.test(bytes)) size += Number(bytes);
      }
      if (next !== undefined && (typeof next !== 'string' || next === '' || next === token))
        throw new Unread(
          `The list of versions of gs://${bucket} does not come to an end. Check the endpoint.`,
        );
      token = next;
    } while (token !== undefined);
    return { count, size };
  };
}

function isList({ kind, items }: Readonly<Record<string, unknown>>): boolean {
  return kind === 'storage#objects' && (items === undefined || Array.isArray(items));
}

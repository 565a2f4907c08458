import { WeightsealError } from '@weightseal/core';
import { type Ask, asking } from './ask.js';
import type { Connection } from './connection.js';
import type { Asked } from './errors.js';
import type { Operation } from './failure-table.js';
import type { Send } from './send.js';

type Parameters = Readonly<Record<string, string | undefined>>;

/** A bucket, and how it is asked. URLs are those of the JSON API, https://cloud.google.com/storage/docs/json_api/v1. */
export interface Place {
  readonly ask: Ask;
  /** What is asked, for the sentence of an error; the bucket where the key is empty. */
  asked(operation: Operation, key: string): Asked;
  objectUrl(key: string, parameters: Parameters): URL;
  listUrl(parameters: Parameters): URL;
  uploadUrl(parameters: Parameters): URL;
  /** Where a session goes on: the path that the answer named, at the host that was asked. Another host gets nothing. */
  sessionUrl(location: string): URL | undefined;
}

export function placeOf(bucket: string, { origin, userProject }: Connection, send: Send): Place {
  const objects = `/storage/v1/b/${encodeURIComponent(bucket)}/o`;
  const urlOf = (path: string, parameters: Parameters) => {
    const url = new URL(origin + path);
    for (const [name, value] of Object.entries({ ...parameters, userProject }))
      if (value !== undefined && value !== '') url.searchParams.set(name, value);
    return url;
  };
  return {
    ask: asking(send),
    asked: (operation, key) => ({
      operation,
      where: key === '' ? `gs://${bucket}` : `gs://${bucket}/${key}`,
      bucket: `gs://${bucket}`,
    }),
    objectUrl(key, parameters) {
      checkKey(key);
      return urlOf(`${objects}/${encodeURIComponent(key)}`, parameters);
    },
    listUrl: (parameters) => urlOf(objects, parameters),
    uploadUrl: (parameters) => urlOf(`/upload${objects}`, parameters),
    sessionUrl(location) {
      if (!URL.canParse(location, origin)) return undefined;
      const { pathname, search } = new URL(location, origin);
      return new URL(origin + pathname + search);
    },
  };
}

/** @throws STORE_UNSUPPORTED for what Cloud Storage has no object of: dots alone, which lead elsewhere in a URL, encoded or not, and half of a character */
export function checkKey(key: string): void {
  if (key !== '' && key !== '.' && key !== '..' && key.isWellFormed()) return;
  throw new WeightsealError(
    'STORE_UNSUPPORTED',
    'Cloud Storage has no object of such a name: it is empty, dots alone, or no Unicode. Choose another.',
  );
}

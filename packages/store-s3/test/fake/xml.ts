import { type Begun, crcOf, type FakeBucket, type NamedPart } from './bucket.js';

const PAGE = 1000;

type Value = string | { readonly [name: string]: Value | readonly Value[] };

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text
    .replace(/[&<>"]/g, (one) => ESCAPES[one]!)
    .replace(/[^\t\n -\ud7ff\ue000-\uffff\ud800-\udfff]/g, (one) => `&#${one.charCodeAt(0)};`);
}

export function xmlOf(name: string, value: Value): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(name, value)}`;
}

function element(name: string, value: Value | readonly Value[]): string {
  if (Array.isArray(value)) return value.map((one) => element(name, one)).join('');
  const inner =
    typeof value === 'string'
      ? escaped(value)
      : Object.entries(value as object)
          .map(([child, of]) => element(child, of as Value))
          .join('');
  return `<${name}>${inner}</${name}>`;
}

/** The parts that the end of an upload names. */
export function partsIn(xml: string): readonly NamedPart[] {
  return [...xml.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
    number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
    etag: (/<ETag>(.*?)</.exec(part)?.[1] ?? '').replaceAll('&quot;', '"'),
  }));
}

function inOrder(names: Iterable<string>): readonly string[] {
  return [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

export function listObjects({ objects }: FakeBucket, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token');
  const level = (key: string) => {
    const slash = query.get('delimiter') === '/' ? key.indexOf('/', prefix.length) : -1;
    return slash < 0 ? key : key.slice(0, slash + 1);
  };
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix));
  const names = inOrder(new Set(keys.map(level)));
  const from = after === null ? 0 : names.indexOf(Buffer.from(after, 'base64url').toString()) + 1;
  const page = names.slice(from, from + PAGE);
  const more = from + PAGE < names.length;
  const isObject = (name: string) =>
    objects.has(name) && level(name) === name && !(query.has('delimiter') && name.endsWith('/'));
  return xmlOf('ListBucketResult', {
    IsTruncated: String(more),
    ...(more && { NextContinuationToken: Buffer.from(page.at(-1)!).toString('base64url') }),
    Contents: page.filter(isObject).map((Key) => {
      const { bytes, etag, modified } = objects.get(Key)!;
      return { Key, Size: String(bytes.length), ETag: etag, LastModified: modified.toISOString() };
    }),
    CommonPrefixes: page.filter((name) => !isObject(name)).map((Prefix) => ({ Prefix })),
  });
}

export function listUploads({ uploads }: FakeBucket, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? '';
  const found = [...uploads].filter(([, { key }]) => key.startsWith(prefix));
  return xmlOf('ListMultipartUploadsResult', {
    IsTruncated: 'false',
    Upload: found.map(([UploadId, { key, at }]) => ({ Key: key, UploadId, Initiated: at.toISOString() })),
  });
}

/** Three to a page. */
export function listParts({ parts }: Begun, query: URLSearchParams): string {
  const after = Number(query.get('part-number-marker') ?? 0);
  const left = [...parts].sort(([a], [b]) => a - b).filter(([number]) => number > after);
  const page = left.slice(0, 3);
  const more = left.length > page.length;
  return xmlOf('ListPartsResult', {
    IsTruncated: String(more),
    ...(more && { NextPartNumberMarker: String(page.at(-1)![0]) }),
    Part: page.map(([number, { bytes, etag }]) => ({
      PartNumber: String(number),
      Size: String(bytes.length),
      ETag: etag,
      ChecksumCRC32: crcOf(bytes),
    })),
  });
}

import type { S3Client as SdkClient } from '@aws-sdk/client-s3';

export type Handler = SdkClient['config']['requestHandler'];
/** As the SDK hands it to what sends it. */
export type Request = Parameters<Handler['handle']>[0];

export function originOf({ protocol, hostname, port }: Request): string {
  return `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
}

/** In the order in which it is signed; empty where there is none. */
export function queryOf({ query }: Request): string {
  const pairs = Object.entries(query as Readonly<Record<string, string | readonly string[] | null>>).flatMap(
    ([name, value]) =>
      value === null ? `${escaped(name)}=` : [value].flat().map((one) => `${escaped(name)}=${escaped(one)}`),
  );
  return pairs.sort().join('&');
}

/** As it is signed. */
export function escaped(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

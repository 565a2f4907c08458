import { nearest } from '@weightseal/core';

/** What other tools call the schemes that we have. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  s3a: 's3',
  s3n: 's3',
  aws: 's3',
  minio: 's3',
  gcs: 'gs',
  gcp: 'gs',
  google: 'gs',
  azure: 'az',
  azblob: 'az',
  abfs: 'az',
  abfss: 'az',
  adl: 'az',
  blob: 'az',
  wasb: 'az',
  wasbs: 'az',
};

/**
 * The scheme that was probably meant, or undefined: by its other names, or as it was spelt.
 *
 * @hidden
 */
export function storeMeant(scheme: string, known: readonly string[]): string | undefined {
  const word = scheme.toLowerCase();
  if (known.includes(word)) return word;
  const other = Object.hasOwn(ELSEWHERE, word) ? ELSEWHERE[word] : undefined;
  if (other !== undefined && known.includes(other)) return other;
  return nearest(word, known);
}

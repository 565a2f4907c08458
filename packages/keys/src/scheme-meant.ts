import { nearest } from '@weightseal/core';

/** What providers and other tools call the schemes that we have. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  file: 'local',
  path: 'local',
  password: 'passphrase',
  aws: 'aws-kms',
  arn: 'aws-kms',
  gcp: 'gcp-kms',
  google: 'gcp-kms',
  projects: 'gcp-kms',
  azure: 'azure-kv',
  azurekeyvault: 'azure-kv',
  akv: 'azure-kv',
  keyvault: 'azure-kv',
  hsm: 'pkcs11',
  hashivault: 'vault',
  openbao: 'vault',
  bao: 'vault',
};

/** The scheme that was probably meant, or undefined: by its other names, its beginning, or as it was spelt. */
export function schemeMeant(scheme: string, known: readonly string[]): string | undefined {
  const word = scheme.toLowerCase();
  if (known.includes(word)) return word;
  const other = Object.hasOwn(ELSEWHERE, word) ? ELSEWHERE[word] : undefined;
  if (other !== undefined && known.includes(other)) return other;
  return nearest(word, known);
}

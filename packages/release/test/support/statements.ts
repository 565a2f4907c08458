import { createHash } from 'node:crypto';
import { type Resource, statementOf } from '@weightseal/release';

export const digestOf = (text: string | Uint8Array): string =>
  createHash('sha256').update(text).digest('hex');

export const FILES: readonly Resource[] = [
  { name: 'config.json', digest: digestOf('{}') },
  { name: 'model.safetensors', digest: digestOf('weights') },
  { name: 'tokenizer/vocab.txt', digest: digestOf('words') },
];

export const statement = (): Uint8Array => statementOf(FILES, { name: 'model' });

/** The statement as it would stand there if somebody wrote it by hand. */
export function changed(change: (document: Record<string, unknown>) => void): Uint8Array {
  const document = JSON.parse(Buffer.from(statement()).toString());
  change(document);
  return Buffer.from(JSON.stringify(document));
}

/** Its subject is made to fit its files again. */
export function withFiles(resources: readonly unknown[]): Uint8Array {
  return changed((document) => {
    const digests = resources.map((one) => Buffer.from(String((one as Resource).digest), 'hex'));
    (document['predicate'] as Record<string, unknown>)['resources'] = resources;
    document['subject'] = [{ name: 'model', digest: { sha256: digestOf(Buffer.concat(digests)) } }];
  });
}

type Members = Record<string, unknown>;

export const set =
  (name: string, value: unknown) =>
  (it: Members): void => {
    it[name] = value;
  };
export const unset =
  (name: string) =>
  (it: Members): void => {
    delete it[name];
  };

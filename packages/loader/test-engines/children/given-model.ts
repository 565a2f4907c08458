import { readFile } from 'node:fs/promises';
import { argv, env } from 'node:process';
import { localKeyFromUri } from '@weightseal/kms-local';
import { type LoadOptions, load } from '@weightseal/loader';

export interface GivenModel {
  readonly path: string;
  bytes(): Promise<Uint8Array>;
}

/** What a test says in the last argument, of a model that is sealed. */
export interface Job {
  readonly sealed: string;
  readonly key: string;
  readonly options: Omit<LoadOptions, 'keys'>;
}

/** The model as the test gives it: sealed, for this process to load, or as plaintext at WEIGHTSEAL_MODEL_PATH. */
export async function withModel<T>(use: (model: GivenModel) => Promise<T>): Promise<T> {
  const path = env['WEIGHTSEAL_MODEL_PATH'];
  if (path !== undefined) return use({ path, bytes: () => readFile(path) });
  const { sealed, key, options }: Job = JSON.parse(argv.at(-1) ?? '');
  await using model = await load(sealed, { keys: [localKeyFromUri(key)], ...options });
  return await use(model);
}

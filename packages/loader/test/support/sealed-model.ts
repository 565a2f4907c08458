import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Context, type KeyWrapper, sealToFile } from '@weightseal/core';
import { createLocalKey, generateKeyFile } from '@weightseal/kms-local';

export interface SealedModel {
  readonly directory: string;
  /** The sealed file; its plaintext is nowhere but in `plaintext`. */
  readonly path: string;
  readonly plaintext: Buffer<ArrayBuffer>;
  readonly keys: KeyWrapper[];
  /** For the command line: `local:…`. */
  readonly keyUri: string;
}

/** A model that was sealed with a local key, in a directory of its own. */
export async function sealedModel(
  size: number,
  options: { name?: string; context?: Context; plaintext?: Buffer<ArrayBuffer> } = {},
): Promise<SealedModel & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), 'weightseal-model-'));
  const { name = 'model.onnx', context } = options;
  const plain = join(directory, name);
  const path = `${plain}.sealed`;
  const plaintext = options.plaintext ?? randomBytes(size);
  await writeFile(plain, plaintext);
  const keyUri = await generateKeyFile(join(directory, 'key'));
  const keys = [createLocalKey({ path: join(directory, 'key') })];
  await sealToFile(plain, path, { keys, context });
  await rm(plain);
  return {
    directory,
    path,
    plaintext,
    keys,
    keyUri,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

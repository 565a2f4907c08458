import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { type Context, type KeyWrapper, sealBundle } from '@weightseal/core';
import { createLocalKey, generateKeyFile } from '@weightseal/kms-local';
import { bytesOf, type Contents, modelDirectory } from './plain-bundle.js';

export interface SealedDirectory {
  readonly directory: string;
  /** The bundle; what is in it lies nowhere else. */
  readonly path: string;
  readonly contents: Contents;
  readonly keys: KeyWrapper[];
  /** For the command line: `local:…`. */
  readonly keyUri: string;
}

/** A directory that was sealed with a local key, in a directory of its own. */
export async function sealedBundle(
  options: { contents?: Contents; name?: string; context?: Context } = {},
): Promise<SealedDirectory & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), 'weightseal-bundle-'));
  const { contents = modelDirectory(), name = 'tiny-model', context } = options;
  const plain = join(directory, name);
  await writePlain(plain, contents);
  const keyUri = await generateKeyFile(join(directory, 'key'));
  const keys = [createLocalKey({ path: join(directory, 'key') })];
  const path = `${plain}.sealed`;
  await sealBundle(plain, path, { keys, context });
  await rm(plain, { recursive: true });
  return {
    directory,
    path,
    contents,
    keys,
    keyUri,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

/** The same as plain files. */
export async function writePlain(directory: string, contents: Contents): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [path, what] of Object.entries(contents)) {
    const at = join(directory, path);
    await mkdir(dirname(at), { recursive: true });
    if (what === null) await mkdir(at, { recursive: true });
    else if ('to' in what) await symlink(posix.relative(posix.dirname(path), what.to), at);
    else await writeFile(at, bytesOf(what), { mode: 'run' in what ? 0o755 : 0o644 });
  }
}

/** Files in which the marker stands, of several kinds of sizes. */
export function markedDirectory(plaintext: Buffer): Contents {
  return {
    'model-00001-of-00002.bin': plaintext,
    'model-00002-of-00002.bin': plaintext.subarray(0, 700_001),
    small: null,
    'small/tokens.bin': plaintext.subarray(0, 20_000),
    'config.json': randomBytes(100),
  };
}

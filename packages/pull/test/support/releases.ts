import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type SealBundleOptions, sealBundle, sealToFile } from '@weightseal/core';
import { signerFromUri } from '@weightseal/keys';
import { signRelease, type TrustedSigner } from '@weightseal/release';
import { afterAll } from 'vitest';
import { MemoryKey } from '../../../core/test/support/memory-key.js';

// Bundles and files that somebody has released, and what is on the disk afterwards.

export const MIB = 1_048_576;
export const root: string = await mkdtemp(join(tmpdir(), 'weightseal-pull-'));
afterAll(() => rm(root, { recursive: true, force: true }));
let count = 0;
/** A directory that nothing else uses. */
export async function fresh(): Promise<string> {
  const path = join(root, `${++count}`);
  await mkdir(path);
  return path;
}

/** None like its neighbours, and the same for the same seed. */
export function bytesOf(length: number, seed: number): Buffer {
  const block = Buffer.alloc(65_536);
  for (let at = 0, state = seed; at < block.length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    block[at] = state >>> 16;
  }
  const bytes = Buffer.alloc(length, block);
  for (let at = 0; at < length; at += block.length) bytes.writeUInt32LE(at, Math.min(at, length - 4));
  return bytes;
}

export const keys: MemoryKey[] = [new MemoryKey('a')];

export interface Who {
  readonly uri: string;
  readonly signer: TrustedSigner;
  /** Its public key, in PEM. */
  readonly pem: string;
}

export async function somebody(): Promise<Who> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const path = join(await fresh(), 'key.pem');
  await writeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const pem = String(publicKey.export({ type: 'spki', format: 'pem' }));
  return { uri: `pem:${path}`, signer: { key: publicKey.export({ type: 'spki', format: 'der' }) }, pem };
}

export const acme: Who = await somebody();

export type Members = Readonly<Record<string, Uint8Array>>;

/** A bundle, signed by acme unless told. */
export async function releasedBundle(
  path: string,
  members: Members,
  options: Partial<SealBundleOptions> & { readonly by?: Who | undefined } = {},
): Promise<string> {
  const { by = acme, ...rest } = options;
  const plain = await fresh();
  for (const [name, bytes] of Object.entries(members)) {
    await mkdir(dirname(join(plain, name)), { recursive: true });
    await writeFile(join(plain, name), bytes);
  }
  await mkdir(dirname(path), { recursive: true });
  await sealBundle(plain, path, { keys, context: { model: 'acme/llama' }, ...rest });
  if (by) await sign(path, by);
  return path;
}

/** A file beside which its manifest and signature lie. */
export async function releasedFile(path: string, bytes: Uint8Array): Promise<string> {
  const plain = join(await fresh(), 'model');
  await writeFile(plain, bytes);
  await mkdir(dirname(path), { recursive: true });
  await sealToFile(plain, path, { keys, context: { model: 'acme/llama' } });
  await sign(path, acme);
  return path;
}

export async function sign(path: string, by: Who): Promise<void> {
  await signRelease(path, { signer: await signerFromUri(by.uri) }, { overwrite: true });
}

/** Each file, and its digest. */
export async function treeOf(path: string): Promise<Record<string, string>> {
  const tree: Record<string, string> = {};
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const at = join(entry.parentPath, entry.name);
    tree[at.slice(path.length + 1)] = createHash('sha256')
      .update(await readFile(at))
      .digest('hex');
  }
  return tree;
}

/** What a pull has left beside its target: nothing that anybody takes for a model. */
export async function visible(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => !name.startsWith('.')).sort();
}

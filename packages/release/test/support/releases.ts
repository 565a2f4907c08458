import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import {
  type Context,
  MANIFEST_NAME,
  type ManifestFile,
  openBundle,
  openReleased,
  type ReleaseJudge,
  readManifest,
  SIGNATURE_NAME,
  type Signer,
  sealBundle,
} from '@weightseal/core';
import { type Resource, signStatement, statementOf } from '@weightseal/release';
import { afterAll, expect } from 'vitest';
import { MemoryKey } from '../../../core/test/support/memory-key.ts';
import { errorOf } from './refused.ts';

// Sealed bundles that somebody has released.

const root = await mkdtemp(join(tmpdir(), 'weightseal-release-'));
afterAll(() => rm(root, { recursive: true }));
let count = 0;
export const freePath = (name = 'model'): string => join(root, `${++count}-${name}`);

export interface ReleaseWanted {
  readonly context?: Context;
  readonly name?: string;
  readonly version?: string;
  readonly text?: string;
}

/** One that nobody has signed yet. */
export async function sealed(wanted: ReleaseWanted = {}): Promise<string> {
  const { context = { model: 'acme/llama' }, name, version, text = 'weights' } = wanted;
  const plain = freePath('plain');
  await mkdir(plain);
  await writeFile(join(plain, 'model.bin'), text);
  await writeFile(join(plain, 'config.json'), '{}');
  const bundle = freePath('bundle');
  await sealBundle(plain, bundle, {
    keys: [new MemoryKey('one')],
    context,
    public: ['config.json'],
    release: { ...(name !== undefined && { name }), ...(version !== undefined && { version }) },
  });
  return bundle;
}

export async function manifestOf(place: string) {
  await using released = await openReleased(place);
  return await readManifest(released);
}

/** What is signed of it, unless a test wants something else. */
export async function resourcesOf(place: string): Promise<Resource[]> {
  const { manifest, digest } = await manifestOf(place);
  if (manifest.kind === 'file') return [{ name: `${basename(place)}.${MANIFEST_NAME}`, digest }];
  const files = manifest.files.map(({ path, sha256 }: ManifestFile) => ({ name: path, digest: sha256 }));
  return [...files, { name: MANIFEST_NAME, digest }];
}

export async function sign(
  place: string,
  signer: Signer,
  resources?: readonly Resource[],
  to: string = join(place, SIGNATURE_NAME),
): Promise<void> {
  const statement = statementOf(resources ?? (await resourcesOf(place)), { name: 'llama' });
  await writeFile(to, await signStatement(statement, { signer }));
}

export async function released(signer: Signer, wanted: ReleaseWanted = {}): Promise<string> {
  const bundle = await sealed(wanted);
  await sign(bundle, signer);
  return bundle;
}

export async function opened(bundle: string, trust: ReleaseJudge, context?: Context): Promise<MemoryKey> {
  const key = new MemoryKey('one');
  await using _reader = await openBundle(bundle, { keys: [key], trust, context });
  return key;
}

/** Refused by that code, and no key was asked. */
export async function refusedUnasked(
  bundle: string,
  trust: ReleaseJudge,
  code: string,
  said: RegExp = /./,
): Promise<void> {
  const key = new MemoryKey('one');
  const error = await errorOf(() => openBundle(bundle, { keys: [key], trust }));
  expect([error.code, error.message]).toEqual([code, expect.stringMatching(said)]);
  expect(error.message).toMatch(/[.?]$/);
  expect(key.calls).toBe(0);
}

export const bytesOf = (path: string): Promise<Buffer> => readFile(path);

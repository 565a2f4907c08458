import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLocalKey } from '../src/local-key.js';
import { createPassphraseKey } from '../src/passphrase-key.js';
import { temporary } from './temporary.js';

// What FORMAT.md's appendix A says, made by core's script from that text alone.
interface WrapVector {
  readonly name: string;
  readonly comment: string;
  readonly keyFile?: string;
  readonly passphrase?: string;
  readonly context: Readonly<Record<string, string>>;
  readonly slot: { readonly algorithm: string; readonly version: string; readonly wrapped: string };
  readonly dataKey?: string;
  readonly code?: string;
}

const path = join(import.meta.dirname, '..', '..', 'core', 'vectors', 'wraps.json');
const vectors = JSON.parse(await readFile(path, 'utf8')) as WrapVector[];
const at = await temporary();

async function keyOf({ keyFile, passphrase }: WrapVector) {
  if (keyFile === undefined) return createPassphraseKey({ passphrase: Buffer.from(passphrase!, 'hex') });
  const file = at();
  await writeFile(file, keyFile, { mode: 0o600 });
  return createLocalKey({ path: file });
}

async function unwrapped(vector: WrapVector): Promise<string> {
  const { algorithm, version, wrapped } = vector.slot;
  const key = await keyOf(vector);
  const slot = { keyUri: key.uri, keyVersion: version, algorithm, ciphertext: Buffer.from(wrapped, 'hex') };
  return Buffer.from(await key.unwrap(slot, vector.context)).toString('hex');
}

describe('wraps that open', () => {
  it.each(vectors.filter(({ dataKey }) => dataKey))('$name: $comment', async (vector) => {
    expect(await unwrapped(vector)).toBe(vector.dataKey);
  });
});

describe('wraps that are refused', () => {
  it.each(vectors.filter(({ code }) => code))('$name: $comment', async (vector) => {
    await expect(unwrapped(vector)).rejects.toMatchObject({ code: vector.code });
  });
});

it('every vector says one or the other', () => {
  for (const { name, dataKey, code } of vectors)
    expect([dataKey, code].filter(Boolean), name).toHaveLength(1);
});

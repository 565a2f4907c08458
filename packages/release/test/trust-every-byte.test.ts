import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CHANNEL_NAME, MANIFEST_NAME, openBundle, SIGNATURE_NAME } from '@weightseal/core';
import { createTrust, makeChannel } from '@weightseal/release';
import { expect, test } from 'vitest';
import { MemoryKey } from '../../core/test/support/memory-key.ts';
import { errorOf } from './support/refused.ts';
import { freePath, manifestOf, opened, released } from './support/releases.ts';
import { newSigner } from './support/signers.ts';

// Whoever can write to the storage changes one byte of what says who has released it.

process.env['XDG_STATE_HOME'] = freePath('state');
const signer = newSigner();
const bundle = await released(signer, { version: '1.2' });
const at = freePath('channel');
await mkdir(at);
const { digest } = await manifestOf(bundle);
const said = { model: 'acme/llama', manifestDigest: digest, counter: 1, expires: '2099-01-01T00:00:00Z' };
await writeFile(join(at, CHANNEL_NAME), await makeChannel(said, { signer }));
const trust = createTrust([
  { model: 'acme/*', signers: [{ key: signer.spki }], minVersion: '1', channel: { at }, require: 'enforce' },
]);

const key = new MemoryKey('one');

/** By which codes each change of a file is refused when the bundle is opened. None may be of another class. */
async function codesOf(path: string, change: (bytes: Uint8Array, at: number) => Uint8Array, step = 1) {
  const bytes = await readFile(path);
  const codes = new Set<string>();
  for (let at = 0; at < bytes.length; at += step) {
    await writeFile(path, change(bytes, at));
    const error = await errorOf(() => openBundle(bundle, { keys: [key], trust }));
    expect([at, error.class, error.code]).toEqual([at, 'trust', error.code]);
    codes.add(error.code);
  }
  await writeFile(path, bytes);
  return codes;
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const out = Uint8Array.from(bytes);
  out[at]! ^= 1 << (at % 8);
  return out;
}

test.each([join(bundle, MANIFEST_NAME), join(bundle, SIGNATURE_NAME), join(at, CHANNEL_NAME)])(
  'every byte of %s, and no key is asked',
  async (path) => {
    expect((await codesOf(path, flipped)).size).toBeGreaterThan(1);
    expect(key.calls).toBe(0);
  },
);

test('cut off here and there, and no key is asked', async () => {
  await codesOf(join(bundle, MANIFEST_NAME), (bytes, at) => bytes.subarray(0, at), 5);
  await codesOf(join(at, CHANNEL_NAME), (bytes, at) => bytes.subarray(0, at), 5);
  expect(key.calls).toBe(0);
});

test('as it was, it is opened', async () => {
  expect((await opened(bundle, trust)).unwraps).toBe(1);
});

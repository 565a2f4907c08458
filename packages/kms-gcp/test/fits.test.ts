import type { WrappedKey } from '@weightseal/core';
import { createGcpKey } from '@weightseal/kms-gcp';
import { expect, it } from 'vitest';

const named = (change: Record<string, string> = {}) => {
  const parts = {
    project: 'models-project',
    location: 'europe-west1',
    ring: 'ring',
    key: 'models',
    ...change,
  };
  return `projects/${parts['project']}/locations/${parts['location']}/keyRings/${parts['ring']}/cryptoKeys/${parts['key']}`;
};

function slot(name: string, change: Partial<WrappedKey> = {}): WrappedKey {
  return {
    keyUri: `gcp-kms://${name}`,
    keyVersion: `${name}/cryptoKeyVersions/3`,
    algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION',
    ciphertext: new Uint8Array(120),
    ...change,
  };
}

it('takes slots of each version of its key, and asks for no other', async () => {
  let calls = 0;
  const client = new Proxy({}, { get: () => () => Promise.reject(new Error(`asked ${++calls}`)) });
  const key = createGcpKey({ name: named(), client: client as never });
  expect(key.fits!(slot(named()))).toBe(true);
  expect(key.fits!(slot(named(), { keyUri: `gcp-kms://${named()}/cryptoKeyVersions/3` }))).toBe(true);
  for (const foreign of [
    slot(named({ project: 'another-project' })),
    slot(named({ location: 'global' })),
    slot(named({ ring: 'another' })),
    slot(named({ key: 'another' })),
    slot(named(), { keyVersion: `${named({ key: 'another' })}/cryptoKeyVersions/3` }),
    slot(named(), { keyVersion: named() }),
    slot(named(), { keyVersion: `${named()}/cryptoKeyVersions/../../x` }),
    slot(named(), { algorithm: 'EXTERNAL' }),
  ]) {
    expect(key.fits!(foreign)).toBe(false);
    await expect(key.unwrap(foreign, {})).rejects.toMatchObject({ code: 'UNWRAP_REJECTED' });
  }
  expect(key.fits!(slot(named(), { keyUri: `gcp-kms://${named({ key: 'another' })}` }))).toBe(false);
  expect(calls).toBe(0);
});

it('takes no slot whose URI and version are not of one key', () => {
  const key = createGcpKey({ name: named() });
  const [one, other] = [named({ project: '123' }), named({ project: '456' })];
  const version = (name: string, number = 3) => `${name}/cryptoKeyVersions/${number}`;
  const fits = (uri: string, keyVersion: string) =>
    key.fits!(slot(named(), { keyUri: `gcp-kms://${uri}`, keyVersion }));
  for (const [uri, keyVersion] of [
    [one, version(one)],
    [one, version(named())],
    [named(), version(one)],
    [version(one), version(named())],
  ] as const)
    expect(fits(uri, keyVersion), uri).toBe(true);
  for (const [uri, keyVersion] of [
    [one, version(other)],
    [version(one), version(other)],
    [version(named(), 4), version(named())],
    [version(one, 4), version(named())],
  ] as const)
    expect(fits(uri, keyVersion), uri).toBe(false);
});

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WrappedKey } from '@weightseal/core';
import { createVaultKey } from '@weightseal/kms-vault';
import { expect, it } from 'vitest';

function slot(keyUri: string, change: Partial<WrappedKey> = {}): WrappedKey {
  const ciphertext = Buffer.from(`vault:v1:${Buffer.alloc(92).toString('base64')}`);
  return { keyUri, keyVersion: '1', algorithm: 'transit-aead/1', ciphertext, ...change };
}

it('takes slots of its server, namespace, mount and key, and asks for no other', async () => {
  let calls = 0;
  const server = createServer((_request, response) => {
    calls++;
    response.writeHead(400).end('{"errors":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const address = `http://${host}`;
  const key = createVaultKey({ address, name: 'models', token: 'x' });
  const own = `vault://${host}/transit/keys/models?tls=off`;
  expect(key.uri).toBe(own);
  expect(key.fits!(slot(own))).toBe(true);
  for (const foreign of [
    slot(`vault://other.example.com/transit/keys/models`),
    slot(`vault://${host}/transit/keys/models`),
    slot(`vault://${host}/transit/keys/others?tls=off`),
    slot(`vault://${host}/team/transit/keys/models?tls=off`),
    slot(`vault://${host}/transit/keys/models?namespace=research&tls=off`),
    slot('vault://..'),
    slot(own, { keyVersion: '2' }),
    slot(own, { keyVersion: '' }),
    slot(own, { algorithm: 'transit' }),
    slot(own, { ciphertext: Buffer.from('vault:v1:../../x') }),
  ]) {
    expect(key.fits!(foreign)).toBe(false);
    await expect(key.unwrap(foreign, {})).rejects.toMatchObject({ code: 'UNWRAP_REJECTED' });
  }
  expect(calls).toBe(0);
  server.close();
});

it('takes those of another name of its server where it is told so', () => {
  const former = 'vault://vault.example.com/transit/keys/models';
  const key = createVaultKey({ address: 'https://vault.internal', name: 'models', formerUris: [former] });
  expect(key.fits!(slot(former))).toBe(true);
  expect(key.fits!(slot('vault://vault.example.com/transit/keys/others'))).toBe(false);
  expect(() => createVaultKey({ address: 'https://a.example', name: 'm', formerUris: ['x'] })).toThrow();
});

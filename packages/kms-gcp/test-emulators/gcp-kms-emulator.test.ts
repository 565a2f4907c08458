import type { KeyManagementServiceClient } from '@google-cloud/kms';
import { crc32c } from '@weightseal/core';
import type { GcpKey } from '@weightseal/kms-gcp';
import { describe, expect, it } from 'vitest';
import { grpcKeyAt, restKeyAt } from '../test/keys.js';
import { emulatorAt } from './emulator.js';

const VARIABLE = 'WEIGHTSEAL_EMULATOR_GCP_KMS_EMULATOR';
const emulator = emulatorAt(VARIABLE);
const restUrl = process.env[`${VARIABLE}_REST`];
const dataKey = new Uint8Array(32).fill(7);

/** It ignores every checksum and the context, and names no version: nothing must be sealed under such a key. */
describe.skipIf(!emulator || !restUrl)(
  `gcp-kms-emulator, skipped unless ${VARIABLE} is its host:port and ${VARIABLE}_REST its URL`,
  () => {
    if (!emulator || !restUrl) return;
    const transports: readonly (readonly [string, (name: string) => GcpKey])[] = [
      ['gRPC', (name) => grpcKeyAt(emulator.address, { name })],
      ['REST', (name) => restKeyAt(restUrl, { name })],
    ];

    it('a key that does not exist gives KEY_NOT_FOUND', async () => {
      const key = grpcKeyAt(emulator.address, { name: emulator.missing });
      await expect(key.wrap(dataKey, {})).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    });

    describe.each(transports)('over %s', (_, keyOf) => {
      it('what it wraps is refused: it verified no checksum', async () => {
        const refusal = keyOf(await emulator.key()).wrap(dataKey, {});
        await expect(refusal).rejects.toMatchObject({ code: 'KEY_RESPONSE_INVALID' });
        await expect(refusal).rejects.toThrow('CRC32C');
      });

      it('what it unwraps is refused: it has no checksum', async () => {
        const name = await emulator.key();
        const refusal = keyOf(name).unwrap(await wrappedBy(emulator.client, name), {});
        await expect(refusal).rejects.toMatchObject({ code: 'KEY_RESPONSE_INVALID' });
        await expect(refusal).rejects.toThrow('CRC32C');
      });

      it('describes the key and the states of its versions, and rotates', async () => {
        const name = await emulator.key();
        const key = keyOf(name);
        expect(await key.describe()).toMatchObject({
          primaryVersion: `${name}/cryptoKeyVersions/1`,
          state: 'enabled',
          protection: 'unknown',
        });
        expect(await key.rotate()).toBe(`${name}/cryptoKeyVersions/2`);
        for (const [state, expected] of [
          ['DISABLED', 'disabled'],
          ['ENABLED', 'enabled'],
        ] as const) {
          await emulator.client.updateCryptoKeyVersion({
            cryptoKeyVersion: { name: `${name}/cryptoKeyVersions/2`, state },
            updateMask: { paths: ['state'] },
          });
          expect(await key.describe()).toMatchObject({ state: expected });
        }
        await emulator.client.destroyCryptoKeyVersion({ name: `${name}/cryptoKeyVersions/1` });
        const first = `${name}/cryptoKeyVersions/1`;
        expect(await keyOf(first).describe()).toMatchObject({
          state: 'pending-deletion',
          primaryVersion: first,
        });
      });
    });
  },
);

async function wrappedBy(client: KeyManagementServiceClient, name: string) {
  const [{ ciphertext }] = await client.encrypt({
    name,
    plaintext: dataKey,
    plaintextCrc32c: { value: crc32c(dataKey) },
  });
  const keyVersion = `${name}/cryptoKeyVersions/1`;
  return {
    keyUri: `gcp-kms://${name}`,
    keyVersion,
    algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION',
    ciphertext: ciphertext as Uint8Array,
  };
}

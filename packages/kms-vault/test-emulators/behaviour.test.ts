import { describe, expect, it } from 'vitest';
import { failureOf } from '../test/fake/codes.js';
import { Server } from './server.js';

const address = process.env['WEIGHTSEAL_EMULATOR_VAULT'];
const token = process.env['VAULT_TOKEN'];
const CONTEXT = { model: 'bert', version: '3' };
const dataKey = new Uint8Array(32).fill(7);

if (address === undefined || token === undefined) {
  it.skip('a real Vault server (skipped: WEIGHTSEAL_EMULATOR_VAULT and VAULT_TOKEN are not set)', () => {});
} else {
  const server = await Server.connect(address, token);
  const { mount } = server;

  describe(`${server.product}`, () => {
    it('describes, rotates and schedules', async () => {
      const key = server.key(await server.newKey({ derived: true, exportable: true }));
      expect(await key.describe()).toEqual({
        uri: key.uri,
        primaryVersion: '1',
        algorithm: 'aes256-gcm96, derived',
        state: 'enabled',
        protection: 'software, exportable',
      });
      expect(await key.rotate()).toBe('2');
      expect(await key.rotationStatus()).toMatchObject({ automatic: false, last: expect.any(Date) });
      await key.scheduleRotation(90);
      expect(await key.rotationStatus()).toMatchObject({ automatic: true, everyDays: 90 });
      await key.scheduleRotation(106_751);
      await key.scheduleRotation(undefined);
      expect((await key.rotationStatus()).automatic).toBe(false);
    });

    it('opens what an older version wrapped until min_decryption_version forbids it', async () => {
      const name = await server.newKey();
      const key = server.key(name);
      const older = await key.wrap(dataKey, CONTEXT);
      await key.rotate();
      expect(Buffer.compare(await key.unwrap(older, CONTEXT), dataKey)).toBe(0);
      await server.call('POST', `${mount}/keys/${name}/config`, { min_decryption_version: 2 });
      const { code, message } = await failureOf(() => key.unwrap(older, CONTEXT));
      expect(code).toBe('KEY_DISABLED');
      expect(message).toContain('min_decryption_version');
    });

    it('makes no key of a misspelt name, also for a token that could', async () => {
      expect((await failureOf(() => server.key('modles').wrap(dataKey, CONTEXT))).code).toBe('KEY_NOT_FOUND');
      expect((await failureOf(() => server.key('modles').describe())).code).toBe('KEY_NOT_FOUND');
    });

    it('needs no more than the least policies of docs/providers/vault.md', async () => {
      const name = await server.newKey();
      const path = (where: string, capability: string) =>
        `path "${mount}/${where}" { capabilities = ["${capability}"] }`;
      const [encrypt, decrypt] = [path(`encrypt/${name}`, 'update'), path(`decrypt/${name}`, 'update')];
      const operate = [
        path(`keys/${name}`, 'read'),
        path(`keys/${name}/rotate`, 'update'),
        path(`keys/${name}/config`, 'update'),
      ];
      const sealer = server.key(name, { token: await server.newToken(`${encrypt}\n${decrypt}`) });
      const opener = server.key(name, { token: await server.newToken(decrypt) });
      const operator = server.key(name, { token: await server.newToken(operate.join('\n')) });
      const wrapped = await sealer.wrap(dataKey, CONTEXT);
      await sealer.unwrap(wrapped, CONTEXT);
      await opener.unwrap(wrapped, CONTEXT);
      expect((await failureOf(() => opener.wrap(dataKey, CONTEXT))).code).toBe('KEY_DENIED');
      expect((await operator.describe()).primaryVersion).toBe('1');
      expect(await operator.rotate()).toBe('2');
      await operator.scheduleRotation(30);
      expect((await failureOf(() => operator.unwrap(wrapped, CONTEXT))).code).toBe('KEY_DENIED');
    });

    it('lets a policy allow one context alone', async () => {
      const name = await server.newKey();
      const context = Buffer.from(JSON.stringify(CONTEXT)).toString('base64');
      const opener = server.key(name, {
        token: await server.newToken(`path "${mount}/decrypt/${name}" {
          capabilities = ["update"]
          allowed_parameters = { "associated_data" = ["${context}"], "context" = [], "ciphertext" = [] }
        }`),
      });
      const owner = server.key(name);
      await opener.unwrap(await owner.wrap(dataKey, CONTEXT), CONTEXT);
      const other = { ...CONTEXT, version: '4' };
      const wrapped = await owner.wrap(dataKey, other);
      expect((await failureOf(() => opener.unwrap(wrapped, other))).code).toBe('KEY_DENIED');
      expect((await failureOf(() => opener.unwrap(wrapped, CONTEXT))).code).toBe('UNWRAP_REJECTED');
    });

    it.each(['rsa-2048', 'ed25519', 'ecdsa-p256'])('refuses a key of type %s', async (type) => {
      const key = server.key(await server.newKey({ type }));
      const { code, message } = await failureOf(() => key.wrap(dataKey, CONTEXT));
      expect(code).toBe('INVALID_ARGUMENT');
      expect(message).toContain('aes256-gcm96');
    });

    it('says that no Transit engine is there', async () => {
      const key = server.key('models', { mount: 'nowhere/at/all' });
      const { code, message } = await failureOf(() => key.wrap(dataKey, CONTEXT));
      expect(code).toBe('KEY_NOT_FOUND');
      expect(message).toContain('nowhere/at/all');
    });
  });
}

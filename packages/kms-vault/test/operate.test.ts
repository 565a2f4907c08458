import { createVaultKey } from '@weightseal/kms-vault';
import { afterAll, describe, expect, it } from 'vitest';
import { failureOf } from './fake/codes.js';
import { FakeVault } from './fake/server.js';

const TOKEN = 'hvs.token-of-the-test';
const CONTEXT = { model: 'bert' };
const fake = await FakeVault.start();
afterAll(() => fake[Symbol.asyncDispose]());
fake.tokens.set(TOKEN, ['*']);
const key = (name: string, token = TOKEN) => createVaultKey({ address: fake.address, name, token });
const dataKey = new Uint8Array(32).fill(7);

describe('a key', () => {
  it('tells of itself', async () => {
    fake.create('plain').rotate();
    expect(await key('plain').describe()).toEqual({
      uri: key('plain').uri,
      primaryVersion: '2',
      algorithm: 'aes256-gcm96',
      state: 'enabled',
      protection: 'software',
    });
  });

  it('tells what should be known: derived, exportable, deletable, soft-deleted', async () => {
    const settings = { type: 'chacha20-poly1305', derived: true, exportable: true };
    const made = fake.create('loose', settings);
    made.deletionAllowed = true;
    made.softDeleted = true;
    expect(await key('loose').describe()).toMatchObject({
      algorithm: 'chacha20-poly1305, derived',
      state: 'pending-deletion',
      protection: 'software, exportable, deletable',
    });
    fake.create('copied', { allow_plaintext_backup: true });
    expect((await key('copied').describe()).protection).toBe('software, exportable');
  });

  it.each([true, false])('rotates (a server that answers a change: %s)', async (answersChanges) => {
    fake.answersChanges = answersChanges;
    const made = fake.create('turned');
    const one = key('turned');
    const older = await one.wrap(dataKey, CONTEXT);
    expect(await one.rotate()).toBe('2');
    const newer = await one.wrap(dataKey, CONTEXT);
    expect([older.keyVersion, newer.keyVersion]).toEqual(['1', '2']);
    for (const wrapped of [older, newer]) {
      expect(Buffer.compare(await one.unwrap(wrapped, CONTEXT), dataKey)).toBe(0);
    }
    made.minDecryptionVersion = 2;
    expect((await failureOf(() => one.unwrap(older, CONTEXT))).code).toBe('KEY_DISABLED');
    await one.unwrap(newer, CONTEXT);
  });

  it.each([true, false])(
    'rotates on a schedule (a server that answers a change: %s)',
    async (answersChanges) => {
      fake.answersChanges = answersChanges;
      fake.create('scheduled').rotate();
      const one = key('scheduled');
      const last = new Date(1_700_000_001_000);
      expect(await one.rotationStatus()).toEqual({ automatic: false, last });
      await one.scheduleRotation(90);
      const next = new Date(last.getTime() + 90 * 86_400_000);
      expect(await one.rotationStatus()).toEqual({ automatic: true, everyDays: 90, last, next });
      await one.scheduleRotation(undefined);
      expect((await one.rotationStatus()).automatic).toBe(false);
    },
  );

  it.each([0, -1, 1.5, Number.NaN, 106_752])('does not rotate every %d days', async (days) => {
    fake.create('scheduled');
    const { code } = await failureOf(() => key('scheduled').scheduleRotation(days));
    expect(code).toBe('INVALID_ARGUMENT');
  });

  it('rotates every 292 years, which is all that Vault can count', async () => {
    fake.create('scheduled');
    await key('scheduled').scheduleRotation(106_751);
  });
});

describe('the least policies of docs/providers/vault.md', () => {
  fake.create('models');
  fake.tokens.set('sealer', ['update transit/encrypt/models', 'update transit/decrypt/models']);
  fake.tokens.set('opener', ['update transit/decrypt/models']);
  const keys = ['read transit/keys/models', 'update transit/keys/models/rotate'];
  fake.tokens.set('operator', [...keys, 'update transit/keys/models/config']);

  it('let one seal, one open, and one operate', async () => {
    const [sealer, opener, operator] = ['sealer', 'opener', 'operator'].map((token) => key('models', token));
    const wrapped = await sealer!.wrap(dataKey, CONTEXT);
    await sealer!.unwrap(wrapped, CONTEXT);
    await opener!.unwrap(wrapped, CONTEXT);
    expect((await failureOf(() => opener!.wrap(dataKey, CONTEXT))).code).toBe('KEY_DENIED');
    expect((await failureOf(() => opener!.describe())).code).toBe('KEY_DENIED');
    await operator!.describe();
    await operator!.rotate();
    await operator!.scheduleRotation(30);
    expect((await failureOf(() => operator!.unwrap(wrapped, CONTEXT))).code).toBe('KEY_DENIED');
  });
});

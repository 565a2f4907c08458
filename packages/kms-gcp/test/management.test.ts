import { canDescribe, canRotate, canScheduleRotation } from '@weightseal/core';
import { afterAll, describe, expect, it } from 'vitest';
import { FakeKms, type Fields } from './fake-kms.js';
import { start, transports } from './servers.js';

const DAY_MS = 86_400_000;
const dataKey = new Uint8Array(32).fill(7);
const code = (expected: string) => expect.objectContaining({ code: expected });

describe.each(transports)('over %s', async (transport) => {
  const kms = new FakeKms();
  const wire = await start(transport, kms);
  afterAll(() => wire[Symbol.asyncDispose]());
  const make = (...options: Parameters<FakeKms['key']>) => {
    const fake = kms.key(...options);
    return { fake, key: wire.key({ name: fake.name }) };
  };

  describe('a description', () => {
    it('tells of the primary version', async () => {
      const { fake, key } = make();
      expect([canDescribe(key), canRotate(key), canScheduleRotation(key)]).toEqual([true, true, true]);
      expect(await key.describe()).toEqual({
        uri: `gcp-kms://${fake.name}`,
        primaryVersion: `${fake.name}/cryptoKeyVersions/1`,
        algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION',
        state: 'enabled',
        protection: 'software',
      });
    });

    it.each([
      ['DISABLED', 'disabled'],
      ['DESTROY_SCHEDULED', 'pending-deletion'],
      ['DESTROYED', 'destroyed'],
      ['PENDING_GENERATION', 'disabled'],
    ] as const)('calls %s %s', async (state, expected) => {
      const { fake, key } = make({ protection: 'HSM' });
      fake.primary!.state = state;
      expect(await key.describe()).toMatchObject({ state: expected, protection: 'hsm' });
    });

    it('of a key without a primary version says that it can wrap nothing', async () => {
      const { fake, key } = make();
      fake.primary = undefined;
      expect(await key.describe()).toMatchObject({ state: 'disabled', primaryVersion: '' });
    });

    it('of a pinned key tells of the version that it is pinned to', async () => {
      const { fake, key } = make();
      await key.rotate();
      fake.versions[0]!.state = 'DISABLED';
      const pinned = wire.key({ name: `${fake.name}/cryptoKeyVersions/1` });
      expect(await pinned.describe()).toMatchObject({
        uri: `gcp-kms://${fake.name}/cryptoKeyVersions/1`,
        primaryVersion: `${fake.name}/cryptoKeyVersions/1`,
        state: 'disabled',
      });
      expect(await key.describe()).toMatchObject({
        primaryVersion: `${fake.name}/cryptoKeyVersions/2`,
        state: 'enabled',
      });
    });

    it.each([
      ['another key', ({ name, ...rest }: Fields) => ({ ...rest, name: `${String(name)}x` })],
      [
        'a primary version of another key',
        (answer: Fields) => ({ ...answer, primary: { name: `${kms.missing}/cryptoKeyVersions/1` } }),
      ],
    ])('that is of %s is refused', async (_, tamper) => {
      const { key } = make();
      kms.tamper = (_method, answer) => tamper(answer);
      await expect(key.describe()).rejects.toEqual(code('KEY_RESPONSE_INVALID'));
      kms.tamper = (_method, answer) => answer;
    });
  });

  describe('a rotation', () => {
    it('makes a version, makes it primary, and leaves the older ones', async () => {
      const { fake, key } = make();
      const before = await key.wrap(dataKey, {});
      expect(await key.rotate()).toBe(`${fake.name}/cryptoKeyVersions/2`);
      expect(fake.primary).toBe(fake.versions[1]);
      const after = await key.wrap(dataKey, {});
      expect([before.keyVersion, after.keyVersion]).toEqual(fake.versions.map(({ name }) => name));
      for (const wrapped of [before, after]) expect(await key.unwrap(wrapped, {})).toEqual(dataKey);
    });

    it('of an HSM key waits until the version is generated', async () => {
      const { fake, key } = make({ protection: 'HSM' });
      kms.looksUntilGenerated = 1;
      expect(await key.rotate()).toBe(`${fake.name}/cryptoKeyVersions/2`);
      expect(fake.primary?.state).toBe('ENABLED');
    });

    it('that is not finished by the deadline says which version is left', async () => {
      const { fake } = make({ protection: 'HSM' });
      kms.looksUntilGenerated = 1000;
      const key = wire.key({ name: fake.name, deadlineMs: 400 });
      await expect(key.rotate()).rejects.toEqual(code('KEY_TIMEOUT'));
      await expect(key.rotate()).rejects.toThrow(`${fake.name}/cryptoKeyVersions/3; look whether`);
      expect(fake.primary).toBe(fake.versions[0]);
      kms.looksUntilGenerated = 1;
    });

    it('whose version is never generated fails', async () => {
      const { key } = make({ protection: 'HSM' });
      kms.tamper = (method, answer) =>
        method === 'GetCryptoKeyVersion' ? { ...answer, state: 'DESTROYED' } : answer;
      await expect(key.rotate()).rejects.toEqual(code('KEY_DISABLED'));
      kms.tamper = (_, answer) => answer;
    });

    it('of a key whose material is imported is refused', async () => {
      const { fake, key } = make();
      fake.importOnly = true;
      await expect(key.rotate()).rejects.toEqual(code('INVALID_ARGUMENT'));
      await expect(key.scheduleRotation(30)).rejects.toEqual(code('INVALID_ARGUMENT'));
    });

    it('of a pinned key is refused, and asks for nothing', async () => {
      const { fake } = make();
      const pinned = wire.key({ name: `${fake.name}/cryptoKeyVersions/1` });
      const before = kms.calls.length;
      await expect(pinned.rotate()).rejects.toEqual(code('INVALID_ARGUMENT'));
      expect(kms.calls.length).toBe(before);
    });

    it('that did not make the version primary is reported', async () => {
      const { key } = make();
      kms.tamper = (method, answer) =>
        method === 'UpdateCryptoKeyPrimaryVersion' ? { ...answer, primary: null } : answer;
      await expect(key.rotate()).rejects.toEqual(code('KEY_RESPONSE_INVALID'));
      kms.tamper = (_, answer) => answer;
    });
  });

  describe('a schedule', () => {
    it('is off at first, turned on, changed and turned off', async () => {
      const { fake, key } = make();
      expect(await key.rotationStatus()).toEqual({ automatic: false });
      for (const days of [90, 1, 36_500]) {
        await key.scheduleRotation(days);
        const { automatic, everyDays, next, last } = await key.rotationStatus();
        expect({ automatic, everyDays, last }).toEqual({ automatic: true, everyDays: days, last: undefined });
        expect(Math.abs(next!.getTime() - Date.now() - days * DAY_MS)).toBeLessThan(60_000);
      }
      await key.scheduleRotation(undefined);
      expect([fake.rotationSeconds, fake.nextRotation]).toEqual([undefined, undefined]);
      expect(await key.rotationStatus()).toEqual({ automatic: false });
    });

    it('tells when the key last turned over', async () => {
      const { fake, key } = make();
      await key.rotate();
      const { last } = await key.rotationStatus();
      expect(last).toEqual(new Date(fake.primary!.created * 1000));
    });

    it.each([0, -1, 1.5, 36_501, Number.NaN])('of %d days is refused', async (days) => {
      await expect(make().key.scheduleRotation(days)).rejects.toEqual(code('INVALID_ARGUMENT'));
    });

    it('that the service did not take is reported', async () => {
      const { key } = make();
      kms.tamper = (_, { rotationPeriod: __, ...answer }) => answer;
      await expect(key.scheduleRotation(30)).rejects.toEqual(code('KEY_RESPONSE_INVALID'));
      kms.tamper = (_, answer) => answer;
    });
  });
});

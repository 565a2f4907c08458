import { canDescribe, canRotate, canScheduleRotation, isWeightsealError } from '@weightseal/core';
import { httpFaultProxy, jsonAnswer } from '@weightseal/fault-proxy';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { keysAt, OPERATIONS } from './fake/fixture.js';
import { aes, rsaPool } from './fake/material.js';
import { FakeAzure } from './fake/server.js';
import type { Key } from './fake/vault.js';

const fake = await FakeAzure.start();
afterAll(() => fake[Symbol.asyncDispose]());
const identity = fake.entra.register(OPERATIONS);
const vault = fake.vault('models.vault.azure.net');
const hsm = fake.vault('pool.managedhsm.azure.net');
hsm.create('seal', aes);
const named = { vaultUrl: `https://${vault.host}`, name: 'seal' };
const key = keysAt(fake, identity)(named);
const inHsm = keysAt(fake, identity)({ ...named, vaultUrl: `https://${hsm.host}` });
const make = rsaPool();
const DAY = 86_400_000;
let state: Key;

beforeEach(() => {
  state = vault.create('seal', make);
});

async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return isWeightsealError(error) ? error.code : undefined;
}

describe('what a key tells of itself', () => {
  it('is there to be asked', () => {
    expect([canDescribe(key), canRotate(key), canScheduleRotation(key)]).toEqual([true, true, true]);
  });

  it('in a vault', async () => {
    expect(await key.describe()).toEqual({
      uri: key.uri,
      primaryVersion: state.versions[0]!.version,
      algorithm: 'RSA-OAEP-256',
      state: 'enabled',
      protection: 'software',
    });
  });

  it('in a Managed HSM', async () => {
    expect(await inHsm.describe()).toMatchObject({ algorithm: 'A256GCM', protection: 'hsm' });
  });

  const seconds = Math.floor(Date.now() / 1000);
  it.each([
    ['disabled', { enabled: false }, 'disabled'],
    ['expired', { exp: seconds - 60 }, 'disabled'],
    ['not yet valid', { nbf: seconds + 3600 }, 'disabled'],
    ['with dates of null', { exp: null, nbf: null }, 'enabled'],
    ['valid for another hour', { exp: seconds + 3600, nbf: seconds - 3600 }, 'enabled'],
  ])('%s', async (_, attributes, expected) => {
    Object.assign(state.versions[0]!, attributes);
    expect(await key.describe()).toMatchObject({ state: expected });
  });

  it('disabled, where the service says no more than that', async () => {
    const proxy = await httpFaultProxy({
      upstream: `https://localhost:${fake.port}`,
      ca: fake.certificate.cert,
      tls: fake.certificate,
    });
    const error = { code: 'Forbidden', message: 'Operation get is not allowed on a disabled key.' };
    proxy.fault = { kind: 'answer', answer: jsonAnswer(403, { error }) };
    expect(await keysAt(fake, identity, proxy.port)(named).describe()).toMatchObject({ state: 'disabled' });
    await proxy[Symbol.asyncDispose]();
  });

  it.each([
    ['a type', { kty: 5 }],
    ['a modulus', { kty: 'RSA', n: 5 }],
    ['operations', { kty: 'oct-HSM', key_ops: 5 }],
  ])('nothing, where %s is not what it should be; nor is it wrapped with', async (_, wrong) => {
    await using proxy = await httpFaultProxy({
      upstream: `https://localhost:${fake.port}`,
      ca: fake.certificate.cert,
      tls: fake.certificate,
    });
    const kid = `https://${vault.host}/keys/seal/${'0'.repeat(32)}`;
    proxy.fault = { kind: 'answer', answer: jsonAnswer(200, { key: { kid, ...wrong }, attributes: {} }) };
    const strange = keysAt(fake, identity, proxy.port)(named);
    expect(await codeOf(strange.describe())).toBe('KEY_RESPONSE_INVALID');
    expect(await codeOf(strange.wrap(new Uint8Array(32), {}))).toBe('KEY_RESPONSE_INVALID');
  });

  it('deleted, while it can be recovered', async () => {
    state.deleted = true;
    expect(await key.describe()).toMatchObject({ state: 'pending-deletion', uri: key.uri });
  });

  it('nothing where there is none', async () => {
    vault.keys.delete('seal');
    expect(await codeOf(key.describe())).toBe('KEY_NOT_FOUND');
  });
});

describe('a rotation', () => {
  it('makes a new version, and returns its name', async () => {
    expect(await key.rotate()).toBe(state.versions[1]!.version);
    expect(await key.describe()).toMatchObject({ primaryVersion: state.versions[1]!.version });
  });

  it('is refused for a key that names its version, since that would go on wrapping', async () => {
    const pinned = keysAt(fake, identity)({ ...named, version: state.versions[0]!.version });
    expect(await codeOf(pinned.rotate())).toBe('INVALID_ARGUMENT');
    expect(state.versions).toHaveLength(1);
  });
});

describe('a schedule', () => {
  const notify = { action: { type: 'Notify' }, trigger: { timeBeforeExpiry: 'P30D' } };
  const created = () => new Date(state.versions[0]!.created * 1000);

  it('is none at first', async () => {
    state.policy = { lifetimeActions: [notify] };
    expect(await key.rotationStatus()).toEqual({ automatic: false, last: created() });
  });

  it('is turned on, read, and turned off, and leaves the rest of the policy alone', async () => {
    state.policy = { attributes: { expiryTime: 'P2Y' }, lifetimeActions: [notify] };
    await key.scheduleRotation(90);
    expect(state.policy).toMatchObject({
      attributes: { expiryTime: 'P2Y' },
      lifetimeActions: [{ action: { type: 'Rotate' }, trigger: { timeAfterCreate: 'P90D' } }, notify],
    });
    expect(await key.rotationStatus()).toEqual({
      automatic: true,
      everyDays: 90,
      last: created(),
      next: new Date(created().getTime() + 90 * DAY),
    });
    await key.scheduleRotation(30);
    expect(state.policy.lifetimeActions).toHaveLength(2);
    await key.scheduleRotation(undefined);
    expect(state.policy).toMatchObject({ attributes: { expiryTime: 'P2Y' }, lifetimeActions: [notify] });
  });

  it.each([
    ['P18M', 18 * 30.4],
    ['P1Y6M', 18 * 30.4],
    ['P2W', 14],
  ])('in months, years and weeks (%s) follows the calendar', async (timeAfterCreate, about) => {
    state.policy = { lifetimeActions: [{ action: { type: 'rotate' }, trigger: { timeAfterCreate } }] };
    const { everyDays } = await key.rotationStatus();
    expect(Math.abs(everyDays! - about)).toBeLessThan(4);
  });

  it('that counts back from the expiry', async () => {
    state.versions[0]!.exp = state.versions[0]!.created + (100 * DAY) / 1000;
    state.policy = {
      lifetimeActions: [{ action: { type: 'Rotate' }, trigger: { timeBeforeExpiry: 'P10D' } }],
    };
    expect(await key.rotationStatus()).toMatchObject({ automatic: true, everyDays: 90 });
  });

  it.each([0, 6, 7.5, -90, Number.NaN, 40_000])('of %d days is refused', async (days) => {
    expect(await codeOf(key.scheduleRotation(days))).toBe('INVALID_ARGUMENT');
  });

  it('tells no next time where no expiry is set to count back from', async () => {
    Object.assign(state.versions[0]!, { exp: null });
    const trigger = { timeBeforeExpiry: 'P10D' };
    state.policy = { lifetimeActions: [{ action: { type: 'Rotate' }, trigger }] };
    expect(await key.rotationStatus()).toEqual({ automatic: true, last: created() });
  });

  it('starts at 28 days on a Managed HSM', async () => {
    expect(await codeOf(inHsm.scheduleRotation(27))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(inHsm.scheduleRotation(28))).toBeUndefined();
  });
});

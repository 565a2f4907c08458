import { randomBytes } from 'node:crypto';
import type { AccessToken } from '@azure/identity';
import { type ErrorCode, isWeightsealError, type WeightsealError } from '@weightseal/core';
import { type HttpAnswer, httpFaultProxy, jsonAnswer } from '@weightseal/fault-proxy';
import { type AzureKey, createAzureKey } from '@weightseal/kms-azure';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Identity, TENANT } from './fake/entra.js';
import { keysAt, OPERATIONS } from './fake/fixture.js';
import { loopback } from './fake/loopback.js';
import { rsa } from './fake/material.js';
import { FakeAzure } from './fake/server.js';

const fake = await FakeAzure.start();
const upstream = { upstream: `https://localhost:${fake.port}`, ca: fake.certificate.cert };
const proxy = await httpFaultProxy({ ...upstream, tls: fake.certificate });
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await fake[Symbol.asyncDispose]();
});
const vault = fake.vault('models.vault.azure.net');
vault.create('seal', () => rsa());
const named = { vaultUrl: `https://${vault.host}`, name: 'seal' };
const identity = fake.entra.register(OPERATIONS);
const once = { retryOptions: { maxRetries: 0 } };
const key = keysAt(fake, identity, proxy.port, once)(named);
const CONTEXT = { model: 'm' };
let wrapped: Awaited<ReturnType<AzureKey['wrap']>>;
beforeAll(async () => {
  wrapped = await key.wrap(randomBytes(32), CONTEXT);
});

async function failure(call: Promise<unknown>): Promise<WeightsealError> {
  const error: unknown = await call.then(
    () => 'no error',
    (thrown: unknown) => thrown,
  );
  if (!isWeightsealError(error)) throw new Error(`Not one of ours: ${String(error)}`);
  return error;
}

async function answered(answer: HttpAnswer, call: () => Promise<unknown>): Promise<WeightsealError> {
  proxy.fault = { kind: 'answer', answer };
  try {
    return await failure(call());
  } finally {
    proxy.fault = { kind: 'none' };
  }
}

function refusal(status: number, code: string, message: string, inner?: string): HttpAnswer {
  const innererror = inner === undefined ? undefined : { code: inner };
  return jsonAnswer(status, { error: { code, message, innererror } }, { 'x-ms-request-id': 'request-1' });
}

const rbac =
  "Caller is not authorized to perform action on resource.\r\nResource: '/x/keys/on-a-disabled-key'";
const policy =
  "The user, group or application 'oid=1' does not have keys unwrapKey permission on key vault 'm'.";

describe('what Key Vault answers to an unwrap', () => {
  const rows: readonly (readonly [string, HttpAnswer, ErrorCode, RegExp])[] = [
    [
      'RBAC',
      refusal(403, 'Forbidden', rbac, 'ForbiddenByRbac'),
      'KEY_DENIED',
      /vaults\/keys\/unwrap\/action/,
    ],
    [
      'access policy',
      refusal(403, 'Forbidden', policy, 'AccessDenied'),
      'KEY_DENIED',
      /key permission unwrapKey/,
    ],
    [
      'policy',
      refusal(403, 'Forbidden', policy, 'ForbiddenByPolicy'),
      'KEY_DENIED',
      /Crypto Service Encryption User/,
    ],
    [
      'firewall',
      refusal(403, 'Forbidden', 'Client address is not authorized.', 'ForbiddenByFirewall'),
      'KEY_DENIED',
      /firewall/,
    ],
    [
      'no private link',
      refusal(403, 'Forbidden', 'Public network access is disabled.', 'ForbiddenByConnection'),
      'KEY_DENIED',
      /private endpoint/,
    ],
    [
      'key_ops',
      refusal(403, 'Forbidden', 'Operation unwrapKey is not permitted on this key.'),
      'KEY_DENIED',
      /key_ops/,
    ],
    ['disabled, by inner code', refusal(403, 'Forbidden', 'No.', 'KeyDisabled'), 'KEY_DISABLED', /Enable/],
    [
      'disabled, by message',
      refusal(403, 'Forbidden', 'Operation unwrapKey is not allowed on a disabled key.'),
      'KEY_DISABLED',
      /Enable/,
    ],
    [
      'expired',
      refusal(403, 'Forbidden', 'Operation wrapKey is not allowed on an expired key.'),
      'KEY_DISABLED',
      /Rotate/,
    ],
    ['token', refusal(401, 'Unauthorized', 'AKV10022: Invalid audience.'), 'KEY_DENIED', /tenant/],
    [
      'no key',
      refusal(404, 'KeyNotFound', 'A key was not found.'),
      'KEY_NOT_FOUND',
      /az keyvault key recover/,
    ],
    [
      'being deleted',
      refusal(409, 'Conflict', 'Key is being deleted.', 'ObjectIsBeingDeleted'),
      'KEY_DISABLED',
      /Recover/,
    ],
    ['conflict', refusal(409, 'Conflict', 'Another operation is running.'), 'KEY_UNAVAILABLE', /again/],
    ['throttled', refusal(429, 'Throttled', 'Too many requests.'), 'KEY_THROTTLED', /too often/],
    [
      'bad ciphertext',
      refusal(400, 'BadParameter', 'The parameter is incorrect.'),
      'UNWRAP_REJECTED',
      /another context/,
    ],
    ['failure', refusal(500, 'InternalServerError', 'Oops.'), 'KEY_UNAVAILABLE', /again/],
    ['bad gateway', jsonAnswer(502, {}), 'KEY_UNAVAILABLE', /again/],
    ['a teapot', jsonAnswer(418, {}), 'KEY_RESPONSE_INVALID', /proxy/],
  ];

  it.each(rows)('%s', async (_, answer, code, advice) => {
    const error = await answered(answer, () => key.unwrap(wrapped, CONTEXT));
    expect(error).toMatchObject({ code, message: expect.stringMatching(advice) });
  });

  it('is kept as the cause, with what support asks for, and without the request', async () => {
    const { cause } = await answered(rows[0]![1], () => key.unwrap(wrapped, CONTEXT));
    expect(cause).toMatchObject({
      name: 'RestError',
      message: rbac,
      statusCode: 403,
      code: 'Forbidden',
      innerCode: 'ForbiddenByRbac',
      requestId: 'request-1',
    });
    expect(Object.getOwnPropertyNames(cause)).not.toContain('request');
  });

  it('has long runs of base64 and hex taken out, and ids and host names left in', async () => {
    const secret = randomBytes(32);
    const id = '6082bfda-2b84-4f58-9d3b-1c8f9b3d9feb';
    const host = 'a-vault-with-a-long-name.vault.azure.net';
    const told = `${secret.toString('base64url')} ${secret.toString('hex')} ${id} ${host}`;
    const { cause } = await answered(refusal(403, 'Forbidden', told), () => key.unwrap(wrapped, CONTEXT));
    expect((cause as Error).message).toBe(`[removed] [removed] ${id} ${host}`);
  });
});

describe('the permission that is missing', () => {
  const denied = refusal(403, 'Forbidden', rbac, 'ForbiddenByRbac');
  it.each([
    ['wrap', () => key.wrap(randomBytes(32), CONTEXT), 'vaults/keys/read'],
    ['describe', () => key.describe(), 'vaults/keys/read'],
    ['rotate', () => key.rotate(), 'vaults/keys/rotate/action'],
    ['rotationStatus', () => key.rotationStatus(), 'vaults/keyrotationpolicies/read'],
  ])('%s names it', async (_, call, permission) => {
    expect((await answered(denied, call)).message).toContain(`Microsoft.KeyVault/${permission}`);
  });

  it('is one of local RBAC on a Managed HSM', async () => {
    const hsm = keysAt(
      fake,
      fake.entra.register([]),
    )({ vaultUrl: 'https://pool.managedhsm.azure.net', name: 'seal' });
    fake.vault('pool.managedhsm.azure.net');
    expect((await failure(hsm.describe())).message).toMatch(
      /managedHsm\/keys\/read\/action \(local role Managed HSM Crypto/,
    );
  });

  it('is no reason to seal: a 400 to a wrap is the caller’s', async () => {
    const error = await answered(refusal(400, 'BadParameter', 'Key size.'), () =>
      key.wrap(randomBytes(32), CONTEXT),
    );
    expect(error.code).toBe('INVALID_ARGUMENT');
  });
});

describe('the way there', () => {
  const { additionalPolicies } = loopback(fake.port, fake.certificate.cert);
  const token = (): AccessToken => ({ token: 'secret-token', expiresOnTimestamp: Date.now() + 3_600_000 });
  const withCredential = (
    getToken: () => Promise<AccessToken | null>,
    clientOptions = { additionalPolicies },
  ) => createAzureKey({ ...named, credential: { getToken }, clientOptions: { ...once, ...clientOptions } });

  it('a host without an address', async () => {
    const { additionalPolicies, agent } = loopback(fake.port);
    const none = Object.assign(new Error('getaddrinfo ENOTFOUND models.vault.azure.net'), {
      code: 'ENOTFOUND',
    });
    agent.createConnection = () => {
      throw none;
    };
    const error = await failure(withCredential(async () => token(), { additionalPolicies }).describe());
    expect(error).toMatchObject({ code: 'KEY_UNAVAILABLE', message: expect.stringContaining('no address') });
  });

  it('a certificate that nobody trusts', async () => {
    const untrusted = withCredential(async () => token(), loopback(fake.port));
    const error = await failure(untrusted.describe());
    expect(error).toMatchObject({ code: 'KEY_UNAVAILABLE', message: expect.stringContaining('certificate') });
  });

  it('a host that asks for the token of another service gets none', async () => {
    const getToken = vi.fn(async () => token());
    const challenge =
      'Bearer authorization="https://login.microsoftonline.com/x", resource="https://vault.azure.net"';
    const evil = await httpFaultProxy({ ...upstream, tls: fake.certificate });
    evil.fault = { kind: 'answer', answer: jsonAnswer(401, {}, { 'www-authenticate': challenge }) };
    const host = `localhost:${evil.port}`;
    const tricked = createAzureKey({
      vaultUrl: `https://${host}`,
      allowedHosts: [host],
      name: 'seal',
      credential: { getToken },
      clientOptions: loopback(evil.port, fake.certificate.cert),
    });
    expect(await failure(tricked.wrap(randomBytes(32), CONTEXT))).toMatchObject({
      code: 'KEY_RESPONSE_INVALID',
    });
    expect(getToken).not.toHaveBeenCalled();
    await evil[Symbol.asyncDispose]();
  });

  it.each<readonly [string, Partial<Identity>, ErrorCode]>([
    ['a wrong secret', { clientSecret: 'wrong' }, 'KEY_DENIED'],
    ['an unknown client', { clientId: TENANT }, 'KEY_DENIED'],
  ])('%s', async (_, wrong, code) => {
    const error = await failure(keysAt(fake, { ...identity, ...wrong })(named).describe());
    expect(error).toMatchObject({ code, message: expect.stringContaining('az login') });
    expect(String(error.cause)).toContain('AADSTS7000215');
  });

  it('a token endpoint that cannot be reached', async () => {
    proxy.fault = { kind: 'refuse' };
    await proxy.ready;
    const { cert } = fake.certificate;
    const { ClientSecretCredential } = await import('@azure/identity');
    const credential = new ClientSecretCredential(TENANT, identity.clientId, identity.clientSecret, {
      ...loopback(proxy.port, cert),
      ...once,
    });
    const error = await failure(
      createAzureKey({ ...named, credential, clientOptions: { additionalPolicies } }).describe(),
    );
    proxy.fault = { kind: 'none' };
    await proxy.ready;
    expect(error).toMatchObject({
      code: 'KEY_UNAVAILABLE',
      message: expect.stringContaining('token endpoint'),
    });
  });

  it('a credential that finds nobody', async () => {
    const nobody = Object.assign(new Error('EnvironmentCredential is unavailable.'), {
      name: 'CredentialUnavailableError',
    });
    expect((await failure(withCredential(() => Promise.reject(nobody)).describe())).code).toBe('KEY_DENIED');
    expect((await failure(withCredential(async () => null).describe())).code).toBe('KEY_DENIED');
  });

  it('a credential that never answers ends with the deadline', async () => {
    const hanging = createAzureKey({
      ...named,
      credential: { getToken: () => new Promise(() => {}) },
      clientOptions: { additionalPolicies },
      deadlineMs: 300,
    });
    expect((await failure(hanging.unwrap(wrapped, CONTEXT))).code).toBe('KEY_TIMEOUT');
  });
});

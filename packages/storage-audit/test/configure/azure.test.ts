import {
  type Ask,
  applyPlan,
  auditAzure,
  azureStorage,
  bearerAsk,
  bearerSend,
  encodeUndo,
  parseUndo,
  planUndo,
  type Send,
  type Undo,
} from '@weightseal/storage-audit';
import { describe, expect, it } from 'vitest';
import { ACCOUNT, azure, CONTAINER, OF, type Resources, SERVICE, TOKEN } from '../azure/server.js';

const server = await azure();
const KEY = 'https://acme.vault.azure.net/keys/storage';
const token = async () => TOKEN;
const of = { ...OF, container: 'models' };
const right = { enabled: true, recoveryLevel: 'CustomizedRecoverable+ProtectedSubscription' };
const vaultOf =
  (attributes: object = right, kty = 'RSA'): ((origin: string) => Ask) =>
  (origin) =>
  async (path) =>
    origin === 'https://acme.vault.azure.net' && path === '/keys/storage?api-version=7.4'
      ? { status: 200, body: { key: { kid: `${KEY}/1`, kty }, attributes } }
      : { status: 404, body: undefined };

const { keyvaultproperties: _, ...encryption } = ACCOUNT.encryption;
const wrong = (): Resources => ({
  identity: { type: 'SystemAssigned' },
  account: {
    ...ACCOUNT,
    supportsHttpsTrafficOnly: false,
    minimumTlsVersion: 'TLS1_0',
    allowBlobPublicAccess: true,
    allowSharedKeyAccess: true,
    encryption: { ...encryption, keySource: 'Microsoft.Storage' },
  },
  service: { ...SERVICE, isVersioningEnabled: false, deleteRetentionPolicy: { enabled: false } },
  container: { ...CONTAINER, publicAccess: 'Blob' },
});
const storage = (vault = vaultOf()) =>
  azureStorage(of, bearerSend({ origin: server.origin, token }), { vault });
const withoutTimes = (resources: Resources) =>
  JSON.parse(
    JSON.stringify(resources, (name, value: unknown) => (name === 'lastEnabledTime' ? undefined : value)),
  ) as Resources;

async function applied(only?: readonly string[]) {
  const made = storage();
  const plan = await made.plan({ key: KEY, ...(only && { only }) });
  let kept: Undo | undefined;
  const keep = (undo: Undo) => {
    kept = parseUndo(encodeUndo(undo));
  };
  const report = await applyPlan(made, plan, { keep, patienceMs: 0 });
  return { plan, report, undo: kept! };
}

describe('an account of Azure', () => {
  it('passes its audit once it is configured, and is as before once that is undone', async () => {
    server.resources = wrong();
    const { plan, report, undo } = await applied();
    expect(report).toMatchObject({ notTried: [], done: plan.changes });
    expect(plan.leftOut).toMatchObject([{ check: 'azure/shared-key' }]);
    const ask = bearerAsk({ origin: server.origin, token });
    const findings = await auditAzure(of, ask, { expectedKey: KEY });
    const failing = findings.filter(({ outcome }) => outcome === 'failed').map(({ check }) => check);
    expect(failing).toEqual(['azure/shared-key']);
    // It was public, and will be by its name only.
    expect((await planUndo(storage(), undo)).refused.map(({ check }) => check)).toEqual([
      'azure/public-blobs',
      'azure/public-container',
    ]);
    const back = await planUndo(storage(), undo, { allowPublic: true });
    expect(await applyPlan(storage(), back, { keep: () => {}, patienceMs: 0 })).toMatchObject({
      notTried: [],
      done: back.changes,
    });
    const { identity, account, service, container } = server.resources;
    expect({ identity, account, service, container }).toEqual(withoutTimes(wrong()));
  });

  it('is configured while its time of restore moves, which is not sent', async () => {
    server.resources = wrong();
    const send = bearerSend({ origin: server.origin, token });
    let asked = 0;
    const restorable: Send = async (method, path, body, call) => {
      if (!path.includes('/blobServices/default?')) return await send(method, path, body, call);
      if (method === 'GET') {
        const found = await send(method, path, body, call);
        const { properties } = found.body as { properties: object };
        const restorePolicy = { enabled: true, days: 6, minRestoreTime: `2026-01-02T03:04:${10 + asked++}Z` };
        return {
          ...found,
          body: { ...(found.body as object), properties: { ...properties, restorePolicy } },
        };
      }
      const { restorePolicy, ...properties } = (body as { properties: Record<string, unknown> }).properties;
      expect(restorePolicy).toEqual({ enabled: true, days: 6 });
      return await send(method, path, { properties }, call);
    };
    const made = azureStorage(of, restorable);
    const plan = await made.plan({ only: ['azure/versioning'] });
    expect(await applyPlan(made, plan, { keep: () => {}, patienceMs: 0 })).toMatchObject({
      notTried: [],
      done: [{ setting: 'blob-service' }],
    });
  });

  it('keeps shared keys, unless that check is named', async () => {
    server.resources = wrong();
    const { plan } = await applied(['azure/shared-key']);
    expect(plan.changes.map(({ setting }) => setting)).toEqual(['shared-key']);
    expect(server.resources.account).toMatchObject({
      allowSharedKeyAccess: false,
      minimumTlsVersion: 'TLS1_0',
    });
  });

  it.each(['refuse', 'lose'] as const)('tells what is true where a change fails: %s', async (fault) => {
    for (let at = 1; at <= 6; at++) {
      server.resources = { ...wrong(), fault: (number) => (number === at ? fault : undefined) };
      const { report, undo } = await applied();
      if (fault === 'refuse')
        expect(report).toMatchObject({ failed: { found: 'before', error: { code: 'STORE_DENIED' } } });
      else expect(report.failed).toBeUndefined();
      expect(report.done).toHaveLength(fault === 'refuse' ? at - 1 : 6);
      expect((await planUndo(storage(), undo, { allowPublic: true })).changes).toHaveLength(
        report.done.length,
      );
    }
  });

  it.each([
    ['not enabled', vaultOf({ ...right, enabled: false })],
    ['purging', vaultOf({ enabled: true, recoveryLevel: 'Recoverable+Purgeable' })],
    ['RSA', vaultOf(right, 'EC')],
    ['could not be looked at', () => async () => ({ status: 403, body: {} })],
  ])('is put under no key that is not right: %s', async (says, vault) => {
    server.resources = wrong();
    const { refused } = await storage(vault).plan({ key: KEY, only: ['azure/customer-key'] });
    expect(refused).toMatchObject([{ reason: expect.stringContaining(says) }]);
  });

  it('asks no host but a vault of Azure with the token for vaults', async () => {
    server.resources = wrong();
    const asked: string[] = [];
    const vault = (origin: string) => {
      asked.push(origin);
      return vaultOf()(origin);
    };
    for (const host of ['acme.vault.azure.net.example.com', 'example.com', 'a@acme.vault.azure.net'])
      expect((await storage(vault).plan({ key: `https://${host}/keys/storage` })).refused).toHaveLength(1);
    for (const host of ['acme.vault.azure.cn', 'acme.vault.usgovcloudapi.net', 'acme.managedhsm.azure.net']) {
      const { refused } = await storage(vault).plan({ key: `azure-kv://${host}/keys/storage` });
      expect(refused).toMatchObject([{ reason: expect.stringContaining('another token') }]);
    }
    expect(asked).toEqual([]);
  });

  it('keeps another key of a customer, and takes none without an identity', async () => {
    server.resources = wrong();
    delete server.resources.identity;
    const made = storage();
    const [refused] = (await made.plan({ key: KEY })).refused;
    expect(refused?.reason).toContain('identity');
    const keyvaultproperties = { keyvaulturi: 'https://other.vault.azure.net/', keyname: 'theirs' };
    server.resources.account = { ...ACCOUNT, encryption: { ...ACCOUNT.encryption, keyvaultproperties } };
    expect((await made.plan({ key: KEY })).refused).toMatchObject([
      { reason: expect.stringContaining('theirs') },
    ]);
  });

  it('refuses what cannot be read, and only that', async () => {
    server.resources = { ...wrong(), refused: { '/default': 403 } };
    const plan = await storage().plan({});
    expect(plan.refused.map(({ check }) => check)).toEqual(['azure/soft-delete', 'azure/versioning']);
    // Nobody asked for a key.
    expect(plan.leftOut.map(({ check }) => check)).toContain('azure/customer-key');
    expect(plan.changes.map(({ setting }) => setting)).toEqual([
      'secure-transfer',
      'minimum-tls',
      'public-container',
      'public-blobs',
    ]);
  });
});

import {
  type AuditOptions,
  AZURE_CHECKS,
  auditAzure,
  bearerAsk,
  type Finding,
} from '@weightseal/storage-audit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../../core/test/support/sealed.js';
import { ACCOUNT, azure, CONTAINER, ID, OF, type Resources, SERVICE, TOKEN } from './server.js';

const server = await azure();
const ask = bearerAsk({ origin: server.origin, token: async () => TOKEN });
const KEY = 'https://acme.vault.azure.net/keys/storage';

async function audit(
  resources: Resources = {},
  container?: string,
  options?: AuditOptions,
): Promise<Finding[]> {
  server.resources = resources;
  server.asked.length = 0;
  return await auditAzure({ ...OF, ...(container !== undefined && { container }) }, ask, options);
}

const of = (findings: readonly Finding[], check: string): Finding =>
  findings.find((finding) => finding.check === `azure/${check}`)!;
const outcomes = (findings: readonly Finding[]) =>
  Object.fromEntries(findings.map(({ check, outcome }) => [check.replace('azure/', ''), outcome]));
const encryption = (members: object) => ({
  account: { ...ACCOUNT, encryption: { ...ACCOUNT.encryption, ...members } },
});
const vault = (members: object) =>
  encryption({ keyvaultproperties: { ...ACCOUNT.encryption.keyvaultproperties, ...members } });
const account = (members: object) => ({
  account: JSON.parse(JSON.stringify({ ...ACCOUNT, ...members })) as object,
});
const logs = (...all: object[]) => ({ properties: { logs: all } });
const PASSED = Object.fromEntries(AZURE_CHECKS.map(({ id }) => [id.replace('azure/', ''), 'passed']));

describe('an account', () => {
  it('that is set up right passes, by three requests, or four with a container', async () => {
    const findings = await audit({}, undefined, { expectedKey: KEY });
    expect(outcomes(findings)).toEqual({ ...PASSED, 'public-container': 'inapplicable' });
    expect(server.asked.toSorted()).toEqual([
      `GET ${ID}/blobServices/default/providers/Microsoft.Insights/diagnosticSettings?api-version=2021-05-01-preview`,
      `GET ${ID}/blobServices/default?api-version=2023-05-01`,
      `GET ${ID}?api-version=2023-05-01`,
    ]);
    expect(outcomes(await audit({}, 'models'))).toEqual(PASSED);
    expect(server.asked).toHaveLength(4);
  });

  it('is told of by its URI, and a container by its own', async () => {
    const findings = await audit({}, 'models');
    expect(of(findings, 'shared-key').resource).toBe('az://acmemodels');
    expect(of(findings, 'immutability').resource).toBe('az://acmemodels/models');
    expect(findings.map(({ check }) => check)).toEqual(AZURE_CHECKS.map(({ id }) => id));
  });

  it('may be asked for in another case', async () => {
    server.resources = {};
    const findings = await auditAzure({ ...OF, resourceGroup: 'RG-Models' }, ask);
    expect(outcomes(findings)).toMatchObject({ 'secure-transfer': 'passed' });
  });

  it.each<[string, string, Resources]>([
    ['customer-key', 'failed', encryption({ keySource: 'Microsoft.Storage', keyvaultproperties: undefined })],
    ['customer-key', 'unread', account({ encryption: undefined })],
    ['customer-key', 'unread', encryption({ keyvaultproperties: undefined })],
    ['customer-key', 'unread', encryption({ keySource: 'Somebody.Else' })],
    ['key-version', 'failed', vault({ keyversion: '00112233445566778899aabbccddeeff' })],
    ['key-version', 'passed', vault({ keyversion: undefined })],
    ['key-version', 'unread', vault({ keyversion: 3 })],
    ['key-version', 'inapplicable', encryption({ keySource: 'Microsoft.Storage' })],
    ['infrastructure-encryption', 'failed', encryption({ requireInfrastructureEncryption: undefined })],
    ['infrastructure-encryption', 'failed', encryption({ requireInfrastructureEncryption: false })],
    ['infrastructure-encryption', 'unread', account({ encryption: undefined })],
    ['secure-transfer', 'failed', account({ supportsHttpsTrafficOnly: false })],
    ['secure-transfer', 'unread', account({ supportsHttpsTrafficOnly: undefined })],
    ['minimum-tls', 'failed', account({ minimumTlsVersion: undefined })],
    ['minimum-tls', 'failed', account({ minimumTlsVersion: 'TLS1_0' })],
    ['minimum-tls', 'failed', account({ minimumTlsVersion: 'TLS1_1' })],
    ['minimum-tls', 'passed', account({ minimumTlsVersion: 'TLS1_3' })],
    ['minimum-tls', 'unread', account({ minimumTlsVersion: 'TLS9' })],
    ['public-blobs', 'failed', account({ allowBlobPublicAccess: true })],
    ['public-blobs', 'failed', account({ allowBlobPublicAccess: undefined })],
    ['public-blobs', 'unread', account({ allowBlobPublicAccess: 'false' })],
    ['shared-key', 'failed', account({ allowSharedKeyAccess: true })],
    ['shared-key', 'failed', account({ allowSharedKeyAccess: null })],
    ['shared-key', 'unread', account({ allowSharedKeyAccess: 'no' })],
    ['immutability', 'unread', account({ immutableStorageWithVersioning: undefined })],
    ['immutability', 'unread', account({ immutableStorageWithVersioning: { enabled: true } })],
    [
      'immutability',
      'failed',
      account({
        immutableStorageWithVersioning: {
          immutabilityPolicy: { state: 'Unlocked', immutabilityPeriodSinceCreationInDays: 3 },
        },
      }),
    ],
    ['soft-delete', 'failed', { service: { ...SERVICE, deleteRetentionPolicy: { enabled: false } } }],
    ['soft-delete', 'failed', { service: { ...SERVICE, containerDeleteRetentionPolicy: undefined } }],
    ['soft-delete', 'unread', { service: { ...SERVICE, deleteRetentionPolicy: true } }],
    ['versioning', 'failed', { service: { ...SERVICE, isVersioningEnabled: false } }],
    ['versioning', 'failed', { service: { ...SERVICE, isVersioningEnabled: undefined } }],
    ['versioning', 'unread', { service: { ...SERVICE, isVersioningEnabled: 'yes' } }],
    [
      'versioning',
      'inapplicable',
      { service: { ...SERVICE, isVersioningEnabled: false }, ...account({ isHnsEnabled: true }) },
    ],
    ['logging', 'failed', { settings: [] }],
    ['logging', 'failed', { settings: [logs({ category: 'StorageRead', enabled: true })] }],
    ['logging', 'failed', { settings: [logs({ categoryGroup: 'allLogs', enabled: false })] }],
    ['logging', 'passed', { settings: [logs({ categoryGroup: 'allLogs', enabled: true }), logs()] }],
    ['logging', 'passed', { settings: [logs({ category: null, categoryGroup: 'audit', enabled: true })] }],
    [
      'logging',
      'passed',
      {
        settings: ['StorageDelete', 'StorageRead', 'StorageWrite'].map((category) =>
          logs({ category, enabled: true }),
        ),
      },
    ],
    ['logging', 'unread', { settings: [logs({ categoryGroup: 'allLogs', enabled: 'true' })] }],
    ['logging', 'unread', { settings: [{ properties: { logs: {} } }] }],
  ])('%s: %s for another answer', async (check, outcome, resources) => {
    const finding = of(await audit(resources), check);
    expect(finding.outcome).toBe(outcome);
    expect(finding.mend !== undefined).toBe(outcome === 'failed');
  });

  it('has the key that was expected, or another one', async () => {
    const judged = async (expectedKey: string) =>
      of(await audit({}, undefined, { expectedKey }), 'customer-key');
    for (const key of [
      KEY,
      `${KEY}/00112233445566778899aabbccddeeff`,
      'azure-kv://ACME.vault.azure.net/keys/storage',
    ])
      expect((await judged(key)).outcome).toBe('passed');
    for (const key of [`${KEY}2`, 'azure-kv://other.vault.azure.net/keys/storage'])
      expect((await judged(key)).outcome).toBe('failed');
    expect((await judged('arn:aws:kms:eu-central-1:111122223333:key/x')).outcome).toBe('unread');
  });

  it('is mended by what follows its key', async () => {
    const { mend } = of(await audit(vault({ keyversion: 'old' })), 'key-version');
    expect(mend!.command).toContain(`--ids ${ID} --encryption-key-source Microsoft.Keyvault`);
    expect(mend!.command).toContain("--encryption-key-version ''");
    expect(mend!.terraform).toContain(`key_vault_key_id   = "${KEY}"`);
  });
});

describe('a container', () => {
  it.each<[string, string, object, object?]>([
    ['public-container', 'failed', { publicAccess: 'Blob' }],
    ['public-container', 'failed', { publicAccess: 'Container' }],
    ['public-container', 'unread', { publicAccess: undefined }],
    ['public-container', 'unread', { publicAccess: 'none' }],
    ['immutability', 'passed', { immutabilityPolicy: undefined }],
    [
      'immutability',
      'failed',
      { immutabilityPolicy: undefined, hasImmutabilityPolicy: false },
      { immutableStorageWithVersioning: undefined },
    ],
    [
      'immutability',
      'passed',
      { immutabilityPolicy: undefined, hasLegalHold: true },
      { immutableStorageWithVersioning: undefined },
    ],
    [
      'immutability',
      'failed',
      { immutabilityPolicy: { properties: { state: 'Unlocked', immutabilityPeriodSinceCreationInDays: 9 } } },
      { immutableStorageWithVersioning: undefined },
    ],
    ['immutability', 'unread', { immutabilityPolicy: { properties: { state: 'Locked' } } }],
    [
      'immutability',
      'failed',
      { immutabilityPolicy: undefined },
      {
        immutableStorageWithVersioning: {
          enabled: false,
          immutabilityPolicy: { state: 'Locked', immutabilityPeriodSinceCreationInDays: 30 },
        },
      },
    ],
    ['customer-key', 'passed', { defaultEncryptionScope: '$account-encryption-key' }],
    ['customer-key', 'unread', { defaultEncryptionScope: 'of-microsoft' }],
    ['customer-key', 'unread', { defaultEncryptionScope: 7 }],
    [
      'customer-key',
      'failed',
      { defaultEncryptionScope: 'of-microsoft' },
      { encryption: { ...ACCOUNT.encryption, keySource: 'Microsoft.Storage' } },
    ],
  ])('%s: %s for %j', async (check, outcome, members, ofAccount = {}) => {
    const found = await audit({ container: { ...CONTAINER, ...members }, ...account(ofAccount) }, 'models');
    expect(of(found, check).outcome).toBe(outcome);
  });

  it('that is public is worse where the account allows it', async () => {
    const container = { ...CONTAINER, publicAccess: 'Blob' };
    const severity = async (resources: Resources, sealed: boolean) =>
      of(await audit({ container, ...resources }, 'models', { sealed }), 'public-container').severity;
    expect(await severity({}, false)).toBe('low');
    expect(await severity(account({ allowBlobPublicAccess: true }), false)).toBe('critical');
    expect(await severity(account({ allowBlobPublicAccess: true }), true)).toBe('medium');
    expect(await severity({ refused: { acmemodels: 403 } }, false)).toBe('critical');
  });
});

describe('$web', () => {
  const judged = async (publicAccess: string, ofAccount: object = {}) =>
    of(
      await audit({ container: { ...CONTAINER, publicAccess }, ...account(ofAccount) }, '$web'),
      'public-container',
    );

  it('is never private, whatever it and the account say', async () => {
    for (const finding of [await judged('None'), await judged('Blob'), await judged('odd')])
      expect(finding).toMatchObject({
        outcome: 'unread',
        severity: 'critical',
        evidence: expect.stringContaining('A static website serves what lies in $web to everybody'),
      });
    expect(await judged('Blob', { allowBlobPublicAccess: true })).toMatchObject({
      outcome: 'failed',
      severity: 'critical',
    });
  });

  it('is apart from what the account forbids', async () => {
    expect(of(await audit(), 'public-blobs').evidence).toBe(
      'The account forbids public access to blobs. What a static website serves from $web is apart from that.',
    );
  });
});

describe('what cannot be read is unread', () => {
  it.each([403, 404, 500])('for the status %i', async (status) => {
    const whole = await audit(
      { refused: { acmemodels: status, default: status, models: status, diagnosticSettings: status } },
      'models',
    );
    expect(new Set(Object.values(outcomes(whole)))).toEqual(new Set(['unread']));
    const service = outcomes(await audit({ refused: { default: status } }));
    expect(service).toMatchObject({ versioning: 'unread', 'soft-delete': 'unread', 'shared-key': 'passed' });
    const own = outcomes(await audit({ refused: { '/models': status } }, 'models'));
    expect(own).toMatchObject({
      'public-container': 'unread',
      'customer-key': 'unread',
      immutability: 'unread',
      'shared-key': 'passed',
    });
  });

  it('with what to grant', async () => {
    const findings = await audit({ refused: { default: 403 } });
    expect(of(findings, 'versioning').evidence).toContain(
      'Microsoft.Storage/storageAccounts/blobServices/read',
    );
  });

  it('without a token, and of another account', async () => {
    server.resources = {};
    const nobody = bearerAsk({ origin: server.origin, token: async () => undefined });
    for (const findings of [
      await auditAzure(OF, nobody),
      await auditAzure({ ...OF, account: 'others' }, ask),
    ])
      expect(new Set(findings.map(({ outcome }) => outcome))).toEqual(new Set(['unread', 'inapplicable']));
    const liar = async () => ({ status: 200, body: { id: `${ID}2`, properties: ACCOUNT } });
    expect(of(await auditAzure(OF, liar), 'shared-key').outcome).toBe('unread');
  });

  it('property: nothing passes that is not as the API has it, and nothing throws', async () => {
    const ABOUT: Record<string, readonly string[]> = {
      encryption: ['customer-key', 'key-version', 'infrastructure-encryption'],
      supportsHttpsTrafficOnly: ['secure-transfer'],
      minimumTlsVersion: ['minimum-tls'],
      allowBlobPublicAccess: ['public-blobs'],
      allowSharedKeyAccess: ['shared-key'],
      immutableStorageWithVersioning: ['immutability'],
    };
    const strange = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.constant([]),
      fc.constant([true]),
      fc.constant({ enabled: 'x' }),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(ABOUT)), strange, async (name, value) => {
        const found = outcomes(await audit(account({ [name]: value })));
        for (const check of ABOUT[name]!) expect(found[check]).not.toBe('passed');
      }),
      { numRuns: 100 },
    );
  });
});

it.each([
  [{ subscription: 'x' }],
  [{ resourceGroup: 'a/b' }],
  [{ resourceGroup: 'ends.' }],
  [{ account: 'Acme' }],
  [{ account: '../x' }],
  [{ container: 'a--b' }],
  [{ container: '' }],
])('%j is no name of Azure', async (members) => {
  expect((await refusal(() => auditAzure({ ...OF, ...members }, ask))).code).toBe('INVALID_ARGUMENT');
});

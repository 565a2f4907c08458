import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

// Azure's management plane has no emulator. This one answers as the published specification of Microsoft.Storage 2023-05-01 has it
// (https://github.com/Azure/azure-rest-api-specs, storage.json and blob.json), and refuses what Azure refuses.

export const OF = {
  subscription: '0b1f6471-1bf0-4dda-aec3-cb9272f09590',
  resourceGroup: 'rg-models',
  account: 'acmemodels',
} as const;
export const ID = `/subscriptions/${OF.subscription}/resourceGroups/${OF.resourceGroup}/providers/Microsoft.Storage/storageAccounts/${OF.account}`;
export const TOKEN = 'eyJ0-a-token';
const VERSION = '2023-05-01';
/** Of diagnostic settings: diagnosticsSettings_API.json of Microsoft.Insights. */
const INSIGHTS = '2021-05-01-preview';

/** An account that is set up right. */
export const ACCOUNT = {
  provisioningState: 'Succeeded',
  creationTime: '2026-01-02T03:04:05.6789012Z',
  supportsHttpsTrafficOnly: true,
  minimumTlsVersion: 'TLS1_2',
  allowBlobPublicAccess: false,
  allowSharedKeyAccess: false,
  isHnsEnabled: false,
  publicNetworkAccess: 'Disabled',
  encryption: {
    requireInfrastructureEncryption: true,
    services: {
      blob: { enabled: true, keyType: 'Account', lastEnabledTime: '2026-01-02T03:04:05.6789012Z' },
    },
    keySource: 'Microsoft.Keyvault',
    keyvaultproperties: {
      keyvaulturi: 'https://acme.vault.azure.net/',
      keyname: 'storage',
      keyversion: '',
      currentVersionedKeyIdentifier:
        'https://acme.vault.azure.net/keys/storage/00112233445566778899aabbccddeeff',
      lastKeyRotationTimestamp: '2026-05-06T07:08:09.1234567Z',
    },
  },
  immutableStorageWithVersioning: {
    enabled: true,
    immutabilityPolicy: { state: 'Locked', immutabilityPeriodSinceCreationInDays: 30 },
  },
};

export const SERVICE = {
  isVersioningEnabled: true,
  deleteRetentionPolicy: { enabled: true, days: 30, allowPermanentDelete: false },
  containerDeleteRetentionPolicy: { enabled: true, days: 7 },
};

export const CONTAINER = {
  publicAccess: 'None',
  hasImmutabilityPolicy: true,
  hasLegalHold: false,
  immutabilityPolicy: {
    etag: '"8d59f830cb130e5"',
    properties: {
      immutabilityPeriodSinceCreationInDays: 90,
      state: 'Locked',
      allowProtectedAppendWrites: false,
    },
  },
};

export const SETTINGS: readonly object[] = [
  {
    id: `${ID}/blobServices/default/providers/microsoft.insights/diagnosticSettings/to-workspace`,
    type: 'Microsoft.Insights/diagnosticSettings',
    name: 'to-workspace',
    properties: {
      workspaceId: '/subscriptions/x/resourceGroups/y/providers/Microsoft.OperationalInsights/workspaces/z',
      logs: [
        { category: 'StorageRead', categoryGroup: null, enabled: true },
        { category: 'StorageWrite', categoryGroup: null, enabled: true },
        { category: 'StorageDelete', categoryGroup: null, enabled: true },
      ],
      metrics: [],
    },
  },
];

/** What PATCH and PUT take, by the specification; nothing of it that only Azure tells. */
const WRITABLE: Readonly<Record<string, readonly string[]>> = {
  account: [
    'supportsHttpsTrafficOnly',
    'minimumTlsVersion',
    'allowBlobPublicAccess',
    'allowSharedKeyAccess',
    'encryption',
  ],
  service: ['isVersioningEnabled', 'deleteRetentionPolicy', 'containerDeleteRetentionPolicy'],
  container: ['publicAccess'],
};

export interface Resources {
  identity?: object;
  /** What comes of a change, by its number. */
  fault?: (number: number) => 'refuse' | 'lose' | undefined;
  changes?: number;
  settings?: readonly object[];
  account?: object;
  service?: object;
  container?: object;
  /** The status of whatever path ends so. */
  refused?: Readonly<Record<string, number>>;
}

export interface Server {
  readonly origin: string;
  readonly asked: string[];
  /** What is there now. */
  resources: Resources;
}

export async function azure(): Promise<Server> {
  const state: Server & { origin: string } = { origin: '', asked: [], resources: {} };
  const server = createServer(async (request, response) => {
    const given = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString();
    const { status, body } = answer(request, state.resources, given);
    state.asked.push(`${request.method} ${request.url}`);
    if (status === 0) {
      response.destroy();
      return;
    }
    response
      .writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
      .end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  state.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return state;
}

const failure = (status: number, code: string, message = 'It is so.') => ({
  status,
  body: { error: { code, message } },
});

function answer(
  { method, url = '', headers }: IncomingMessage,
  resources: Resources,
  given: string,
): { status: number; body: unknown } {
  if (headers.authorization !== `Bearer ${TOKEN}`) return failure(401, 'AuthenticationFailed');
  if (method !== 'GET' && method !== 'PATCH' && method !== 'PUT') return failure(405, 'MethodNotAllowed');
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const version = searchParams.get('api-version');
  if (version === null) return failure(400, 'MissingApiVersionParameter');
  const ofInsights = /\/providers\/microsoft\.insights\//i.test(pathname);
  if (version !== (ofInsights ? INSIGHTS : VERSION) || searchParams.size !== 1)
    return failure(400, 'InvalidApiVersionParameter');
  const refused = Object.entries(resources.refused ?? {}).find(([end]) => pathname.endsWith(end))?.[1];
  if (refused !== undefined)
    return failure(refused, refused === 403 ? 'AuthorizationFailed' : 'InternalServerError');
  const path = decodeURIComponent(pathname).toLowerCase();
  const id = ID.toLowerCase();
  const is = (given: string, type: string, properties: object | undefined) =>
    properties
      ? { status: 200, body: { id: given, name: given.slice(given.lastIndexOf('/') + 1), type, properties } }
      : failure(404, 'ResourceNotFound');
  if (method !== 'GET') {
    const refusal = changed(method, path.slice(id.length), given, resources);
    if (refusal !== undefined) return refusal;
  }
  const { account = ACCOUNT, service = SERVICE, container = CONTAINER, settings = SETTINGS } = resources;
  // It gives names back as they were made, whatever case they are asked in.
  if (path === id) {
    const { status, body } = is(ID, 'Microsoft.Storage/storageAccounts', account);
    return { status, body: { ...body, identity: resources.identity } };
  }
  if (path === `${id}/blobservices/default`)
    return is(`${ID}/blobServices/default`, 'Microsoft.Storage/storageAccounts/blobServices', service);
  if (path === `${id}/blobservices/default/providers/microsoft.insights/diagnosticsettings`)
    return { status: 200, body: { value: settings } };
  const name = /\/containers\/(models|\$web)$/.exec(path)?.[1];
  if (name !== undefined && path === `${id}/blobservices/default/containers/${name}`)
    return is(
      `${ID}/blobServices/default/containers/${name}`,
      'Microsoft.Storage/storageAccounts/blobServices/containers',
      container,
    );
  return failure(404, path.startsWith(id) ? 'ContainerNotFound' : 'ResourceNotFound');
}

/** Undefined where it was taken. */
function changed(
  method: string,
  path: string,
  given: string,
  resources: Resources,
): { status: number; body: unknown } | undefined {
  const which = path === '' ? 'account' : path === '/blobservices/default' ? 'service' : 'container';
  if (method !== (which === 'service' ? 'PUT' : 'PATCH')) return failure(405, 'MethodNotAllowed');
  resources.changes = (resources.changes ?? 0) + 1;
  const fault = resources.fault?.(resources.changes);
  if (fault === 'refuse') return failure(403, 'AuthorizationFailed');
  const { properties, ...others } = JSON.parse(given) as { properties?: Record<string, unknown> };
  if (properties === undefined || Object.keys(others).length > 0)
    return failure(400, 'InvalidRequestContent');
  if (Object.keys(properties).some((name) => !WRITABLE[which]!.includes(name)))
    return failure(400, 'InvalidRequestPropertyName');
  if (/currentVersionedKeyIdentifier|lastEnabledTime|lastKeyRotationTimestamp/.test(given))
    return failure(400, 'InvalidRequestPropertyName');
  const before = resources[which as 'account'] as Record<string, unknown>;
  const { keySource } = (properties['encryption'] ?? {}) as { keySource?: string };
  if (keySource === 'Microsoft.Keyvault' && resources.identity === undefined)
    return failure(400, 'KeyVaultAuthenticationFailure');
  const access = properties['publicAccess'] ?? 'None';
  const { allowBlobPublicAccess } = resources.account as { allowBlobPublicAccess?: boolean };
  if (access !== 'None' && allowBlobPublicAccess === false) return failure(409, 'PublicAccessNotPermitted');
  resources[which as 'account'] = which === 'service' ? properties : { ...before, ...properties };
  return fault === 'lose' ? { status: 0, body: undefined } : undefined;
}

import { keyOf } from '../../azure/judge-account.js';
import { flagAt, numberAt, STRANGE, textAt } from '../../gcs/members.js';
import {
  type Asked,
  change,
  kept,
  leftOut,
  type Piece,
  type Planned,
  planOf,
  type Read,
  refused,
  withoutKey,
} from '../pieces.js';
import type { Json } from '../types.js';
import { RESOURCE, SETTINGS, type Setting, valueIn } from './settings.js';

type Members = Readonly<Record<string, Json>>;

export const CHECKS: Readonly<Record<Setting, readonly string[]>> = {
  encryption: ['azure/customer-key'],
  'secure-transfer': ['azure/secure-transfer'],
  'minimum-tls': ['azure/minimum-tls'],
  'public-blobs': ['azure/public-blobs'],
  'public-container': ['azure/public-container'],
  'blob-service': ['azure/soft-delete', 'azure/versioning'],
  'shared-key': ['azure/shared-key'],
};

export const WRITE: Readonly<Record<(typeof RESOURCE)[Setting], string>> = {
  account: 'Microsoft.Storage/storageAccounts/write',
  service: 'Microsoft.Storage/storageAccounts/blobServices/write',
  container: 'Microsoft.Storage/storageAccounts/blobServices/containers/write',
};

export interface WantedKey {
  /** `https://acme.vault.azure.net`, with no slash. */
  readonly vault: string;
  readonly name: string;
}

export interface AzureRead {
  /** `az://account/container` */
  readonly place: string;
  readonly account: Read<Members>;
  readonly service: Read<Members>;
  /** Undefined where none is named. */
  readonly container: Read<Members> | undefined;
  /** Whether the account has an identity, by which it could use a key. */
  readonly hasIdentity: boolean;
  readonly key: Read<WantedKey> | undefined;
}

/** What is to be changed, of what was read. Pure. */
export function planAzure(read: AzureRead, asked: Asked): Planned {
  return planOf(
    read.place,
    SETTINGS.flatMap((setting) => {
      const checks = CHECKS[setting].filter(asked.wants);
      return checks.length === 0 ? [] : ofSetting(read, setting, checks, asked);
    }),
  );
}

function ofSetting(
  read: AzureRead,
  setting: Setting,
  checks: readonly string[],
  asked: Asked,
): readonly Piece[] {
  const resource = read[RESOURCE[setting]];
  if (resource === undefined)
    return asked.named(checks[0]!) ? refused(checks, 'No container was named.') : [];
  if ('unread' in resource) return refused(checks, resource.unread);
  const before = valueIn(resource.value, setting);
  if (before === undefined) return refused(checks, `What is said of ${setting} is not what the API has.`);
  if (setting === 'blob-service') return planService(before as Members, read, asked);
  const made = setting === 'encryption' ? withKey(before, read) : SIMPLE[setting](before);
  if (made === undefined) return kept(...checks);
  if (made === NEEDS_KEY) return withoutKey(checks, made, asked);
  if (typeof made === 'string') return refused(checks, made);
  if (setting === 'shared-key' && !asked.named(checks[0]!))
    return [
      leftOut(
        checks[0]!,
        'Whoever comes with a key of the account, or a signature by one, is locked out by it: also programs that nobody remembers. --only names it.',
      ),
    ];
  return [written(setting, checks, before, made)];
}

const NEEDS_KEY = 'It needs the key that the account is to be under: name it by --key (`key`).';

interface Made {
  readonly after: Json;
  /** What Azure takes for what was not set. */
  readonly unset?: Json;
  readonly note?: string;
}

function written(setting: Setting, checks: readonly string[], before: Json, made: Made): Piece {
  const back = before === null && made.unset !== undefined ? { back: made.unset } : {};
  return change({
    setting,
    checks,
    now: saidOf(setting, before),
    later: saidOf(setting, made.after),
    before,
    after: made.after,
    ...back,
    permissions: [WRITE[RESOURCE[setting]]],
    undo: `${setting === 'blob-service' ? 'PUT' : 'PATCH'} of the ${RESOURCE[setting]}, as it was`,
    note: made.note,
  });
}

/** Undefined where it is right, a reason where it is not touched. */
const SIMPLE: Readonly<
  Record<Exclude<Setting, 'encryption' | 'blob-service'>, (before: Json) => Made | string | undefined>
> = {
  'secure-transfer': (before) => {
    if (before === true) return undefined;
    if (before !== false) return 'The account does not tell whether it takes requests without TLS.';
    return { after: true, note: 'Who comes without TLS, and mounts by NFS, is refused from then on.' };
  },
  'minimum-tls': (before) => {
    if (before === 'TLS1_2' || before === 'TLS1_3') return undefined;
    if (before !== null && before !== 'TLS1_0' && before !== 'TLS1_1')
      return 'The least version of TLS is none that is known.';
    return { after: 'TLS1_2', unset: 'TLS1_0' };
  },
  'public-blobs': (before) =>
    before === false
      ? undefined
      : { after: false, unset: true, note: 'Whoever reads without credentials is refused from then on.' },
  'public-container': (before) => {
    if (before === 'None') return undefined;
    if (before !== 'Blob' && before !== 'Container')
      return 'The container does not tell whether it is public.';
    return { after: 'None', note: 'Whoever reads without credentials is refused from then on.' };
  },
  'shared-key': (before) => (before === false ? undefined : { after: false, unset: true }),
};

function withKey(before: Json, { key, hasIdentity }: AzureRead): Made | string | undefined {
  const source = textAt(before, 'keySource');
  const [vault, name] = ['keyvaulturi', 'keyname'].map((one) => textAt(before, 'keyvaultproperties', one));
  const isCustomers = source === 'Microsoft.Keyvault';
  if (source !== 'Microsoft.Storage' && !isCustomers) return 'The account does not tell how it is encrypted.';
  if (isCustomers && (typeof vault !== 'string' || typeof name !== 'string'))
    return 'The account does not tell its key.';
  if (key === undefined) return isCustomers ? undefined : NEEDS_KEY;
  if ('unread' in key) return key.unread;
  if (isCustomers) {
    const found = keyOf(`${String(vault).replace(/\/$/, '')}/keys/${String(name)}`);
    if (found?.vault === key.value.vault && found.name.toLowerCase() === key.value.name.toLowerCase())
      return undefined;
    return `The account is under another key of a customer, ${String(vault).replace(/\/$/, '')}/keys/${String(name)}, and is kept: set it by hand where it is to be replaced.`;
  }
  if (!hasIdentity)
    return 'The account has no identity that could use a key: give it one, and the role Key Vault Crypto Service Encryption User for the key.';
  return {
    after: {
      ...(before as Members),
      keySource: 'Microsoft.Keyvault',
      // Without a version it follows the rotation.
      keyvaultproperties: { keyvaulturi: key.value.vault, keyname: key.value.name, keyversion: '' },
    },
    note: 'All of the account is under that key from then on, also what lies there: who disables the key shuts it.',
  };
}

const DAYS = 30;

/** Two checks, and one request. */
function planService(before: Members, { account }: AzureRead, asked: Asked): readonly Piece[] {
  const [softDelete, versioning] = ['azure/soft-delete', 'azure/versioning'];
  const pieces: Piece[] = [];
  const checks: string[] = [];
  let after = before;
  if (asked.wants(softDelete)) {
    const found = ['deleteRetentionPolicy', 'containerDeleteRetentionPolicy'].map((name) => ({
      name,
      enabled: flagAt(before, name, 'enabled'),
      days: numberAt(before, name, 'days'),
    }));
    const missing = found.filter(({ enabled }) => enabled !== true);
    if (found.some(({ enabled, days }) => enabled === STRANGE || days === STRANGE))
      pieces.push(...refused([softDelete], 'What is said of soft delete is not what the API has.'));
    else if (missing.length === 0) pieces.push(...kept(softDelete));
    else {
      checks.push(softDelete);
      for (const { name } of missing)
        after = { ...after, [name]: { ...(before[name] as Members | null), enabled: true, days: DAYS } };
    }
  }
  if (asked.wants(versioning)) {
    const enabled = flagAt(before, 'isVersioningEnabled');
    const hns = 'value' in account ? flagAt(account.value, 'isHnsEnabled') : STRANGE;
    if (enabled === true) pieces.push(...kept(versioning));
    else if (hns === true || hns === STRANGE || enabled === STRANGE)
      pieces.push(
        ...refused(
          [versioning],
          'An account with a hierarchical namespace has no versions, or it cannot be told.',
        ),
      );
    else {
      checks.push(versioning);
      after = { ...after, isVersioningEnabled: true };
    }
  }
  if (checks.length === 0) return pieces;
  const note = `What is overwritten and deleted stays, for ${DAYS} days or as a version, and is paid for.`;
  return [...pieces, written('blob-service', checks, before, { after, note })];
}

function saidOf(setting: Setting, value: Json): string {
  if (value === null) return 'not set';
  if (setting === 'encryption')
    return textAt(value, 'keySource') === 'Microsoft.Keyvault'
      ? `under ${String(textAt(value, 'keyvaultproperties', 'keyname'))} of ${String(textAt(value, 'keyvaultproperties', 'keyvaulturi'))}`
      : 'keys of Microsoft';
  if (setting === 'blob-service') {
    const is = (name: string, ...path: string[]) =>
      `${name} ${flagAt(value, ...path) === true ? 'on' : 'off'}`;
    return [
      is('soft delete of blobs', 'deleteRetentionPolicy', 'enabled'),
      is('of containers', 'containerDeleteRetentionPolicy', 'enabled'),
      is('versions', 'isVersioningEnabled'),
    ].join(', ');
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

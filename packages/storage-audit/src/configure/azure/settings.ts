import { at, STRANGE } from '../../gcs/members.js';
import type { Json } from '../types.js';

/** In the order in which they are changed: no container is opened again before the account permits it. */
export const SETTINGS = [
  'encryption',
  'secure-transfer',
  'minimum-tls',
  'public-container',
  'public-blobs',
  'blob-service',
  'shared-key',
] as const;
export type Setting = (typeof SETTINGS)[number];

/** Which resource each is a part of. */
export const RESOURCE: Readonly<Record<Setting, 'account' | 'service' | 'container'>> = {
  encryption: 'account',
  'secure-transfer': 'account',
  'minimum-tls': 'account',
  'public-blobs': 'account',
  'public-container': 'container',
  'blob-service': 'service',
  'shared-key': 'account',
};

/** What it is called among the resource's properties; undefined for all of them. */
const MEMBER: Readonly<Record<Setting, string | undefined>> = {
  encryption: 'encryption',
  'secure-transfer': 'supportsHttpsTrafficOnly',
  'minimum-tls': 'minimumTlsVersion',
  'public-blobs': 'allowBlobPublicAccess',
  'public-container': 'publicAccess',
  'blob-service': undefined,
  'shared-key': 'allowSharedKeyAccess',
};

/** What Azure tells and takes nobody's word for. */
const READ_ONLY = [
  'currentVersionedKeyIdentifier',
  'currentVersionedKeyExpirationTimestamp',
  'lastKeyRotationTimestamp',
  'lastEnabledTime',
  // Of point-in-time restore: it moves by itself.
  'minRestoreTime',
];

/** @returns undefined for what is not what the API has */
export function valueIn(properties: unknown, setting: Setting): Json | undefined {
  const member = MEMBER[setting];
  const found = member === undefined ? properties : at(properties, member);
  if (found === STRANGE) return undefined;
  return found === undefined ? null : writable(found as Json);
}

/** PATCH leaves alone what is not named; the blob service has PUT only, and gets all that it had. */
export function bodyOf(setting: Setting, value: Json): Json {
  const member = MEMBER[setting];
  return { properties: member === undefined ? value : { [member]: value } };
}

function writable(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(writable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !READ_ONLY.includes(name))
      .map(([name, one]) => [name, writable(one as Json)]),
  );
}

import { type ErrorCode, splitKeyUri, WeightsealError } from '@weightseal/core';

export const PROVIDER = 'azure-kv';

/** Vaults and Managed HSMs in the public cloud, in Azure Government, and in Azure operated by 21Vianet. */
const SERVICE_DOMAINS: readonly string[] = [
  'vault.azure.net',
  'managedhsm.azure.net',
  'vault.usgovcloudapi.net',
  'managedhsm.usgovcloudapi.net',
  'vault.azure.cn',
  'managedhsm.azure.cn',
];

const hostForm = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9][0-9]{0,4})?$/;
const label = /^[a-z0-9-]+$/;
const keyNameForm = /^[0-9A-Za-z-]{1,127}$/;
const versionForm = /^[0-9a-f]{32}$/;

/** A key as the caller configured it. */
export interface KeyName {
  readonly uri: string;
  /** `https://<host>[:<port>]`, without a slash at the end. */
  readonly vaultUrl: string;
  readonly hostname: string;
  readonly name: string;
  /** The version that wraps, where the caller named one; the current one otherwise. */
  readonly version: string | undefined;
}

export interface KeyNameParts {
  readonly vaultUrl: string;
  readonly name: string;
  readonly version?: string | undefined;
  readonly allowedHosts?: readonly string[] | undefined;
}

/** @throws `code` */
export function checkedName(parts: KeyNameParts, code: ErrorCode): KeyName {
  const fail = (problem: string): never => {
    throw new WeightsealError(code, `An Azure key: ${problem}.`);
  };
  const { name, version, allowedHosts = [] } = parts;
  const host = hostOf(parts.vaultUrl) ?? fail('its vault must be https://<host> and nothing more');
  const hostname = host.replace(/:\d+$/, '');
  if (!isServiceHost(hostname) && !allowedHosts.includes(host)) {
    // Data keys go there in the clear, and tokens if it asks for one: a mistyped or planted host must not get them.
    fail(
      'its host is no Key Vault or Managed HSM domain; if it is meant, list it in the option allowedHosts, as <host>[:<port>]',
    );
  }
  if (typeof name !== 'string' || !keyNameForm.test(name))
    fail('its name must be 1 to 127 letters, digits and hyphens');
  if (version !== undefined && !isVersion(version)) fail('its version must be 32 lower-case hex digits');
  const path = ['keys', name, version].filter((part) => part !== undefined).join('/');
  return { uri: `${PROVIDER}://${host}/${path}`, vaultUrl: `https://${host}`, hostname, name, version };
}

/** Takes `azure-kv://<vault host>[:port]/keys/<name>[/<version>]` apart. @throws KEY_URI_INVALID */
export function partsOf(uri: string): KeyNameParts {
  const { body } = splitKeyUri(uri, PROVIDER);
  const [host = '', collection, name, version, ...more] = body.split('/');
  if (collection !== 'keys' || name === undefined || more.length > 0) {
    throw new WeightsealError(
      'KEY_URI_INVALID',
      `A key URI of ${PROVIDER}: must be ${PROVIDER}://<vault host>/keys/<name>[/<version>].`,
    );
  }
  return { vaultUrl: `https://${host}`, name, version };
}

/** Whether a slot's URI names this key: its vault and its name, with whatever version. */
export function isUriOf(uri: string, key: KeyName): boolean {
  try {
    const { vaultUrl, name } = partsOf(uri);
    return `https://${hostOf(vaultUrl)}` === key.vaultUrl && name.toLowerCase() === key.name.toLowerCase();
  } catch {
    return false;
  }
}

/** Whether a slot's URI names that version, or none. */
export function mayNameVersion(uri: string, version: string): boolean {
  try {
    return (partsOf(uri).version ?? version) === version;
  } catch {
    return false;
  }
}

export function isVersion(text: string): boolean {
  return versionForm.test(text);
}

export function isManagedHsm({ hostname }: KeyName): boolean {
  return hostname.includes('.managedhsm.');
}

/** The version in a key's id, if the id is one of this very key; names are case-insensitive, and ports no part of an id. */
export function versionIn(id: string | undefined, key: KeyName): string | undefined {
  if (id === undefined || !URL.canParse(id)) return undefined;
  const { protocol, hostname, pathname, search, hash } = new URL(id);
  const [, collection, name, version, ...more] = pathname.split('/');
  if (protocol !== 'https:' || hostname !== key.hostname || search + hash !== '' || more.length > 0)
    return undefined;
  if (collection !== 'keys' || name?.toLowerCase() !== key.name.toLowerCase()) return undefined;
  return version !== undefined && isVersion(version) ? version : undefined;
}

function hostOf(vaultUrl: string): string | undefined {
  const [, written] = /^https:\/\/([^/]+)\/?$/i.exec(vaultUrl) ?? [];
  const host = written?.toLowerCase();
  if (host === undefined || !hostForm.test(host) || !URL.canParse(`https://${host}`)) return undefined;
  const url = new URL(`https://${host}`);
  // What URL would rewrite (octal addresses, and the like) is refused; only the default port goes.
  return url.host === host || host === `${url.host}:443` ? url.host : undefined;
}

function isServiceHost(hostname: string): boolean {
  return SERVICE_DOMAINS.some(
    (domain) =>
      hostname.endsWith(`.${domain}`) && label.test(hostname.slice(0, hostname.length - domain.length - 1)),
  );
}

import { WeightsealError } from '@weightseal/core';
import { isOf } from '../../azure/audit.js';
import { keyOf } from '../../azure/judge-account.js';
import { type AzureAccount, checkAccount, idOf } from '../../azure/place.js';
import type { Ask, Send } from '../../gcs/ask.js';
import { flagAt, membersOf, textAt } from '../../gcs/members.js';
import { alike } from '../canonical.js';
import { askedFor, type Read } from '../pieces.js';
import { asking, known, readBody, sendChange } from '../rest.js';
import type { ConfigurableStorage, Json, Plan, State, Wanted } from '../types.js';
import { CHECKS, planAzure, type WantedKey, WRITE } from './plan.js';
import { bodyOf, RESOURCE, SETTINGS, type Setting, valueIn } from './settings.js';
import { SHAPES } from './shape.js';

export interface AzureStorageOptions {
  /** Asks a vault whether a key can be used: `(origin) => bearerAsk({ origin, token })`, with a token for https://vault.azure.net. Without it none is set. */
  readonly vault?: ((origin: string) => Ask) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const API = 'api-version=2023-05-01';
const VAULT_API = 'api-version=7.4';
/** The token for vaults is for these, and is shown to nobody else. */
const VAULT = /^https:\/\/[a-z0-9-]{3,24}\.vault\.azure\.net$/;
/** They take tokens of their own. */
const OTHER_VAULT = /\.(?:vault\.azure\.cn|vault\.usgovcloudapi\.net|managedhsm\.azure\.net)$/;

type Members = Readonly<Record<string, Json>>;
type Resource = (typeof RESOURCE)[Setting];

/**
 * A storage account of Azure, and a container of it where one is named, whose settings are read, and changed by a plan.
 *
 * @param send of the Azure Resource Manager: `bearerSend({ origin: 'https://management.azure.com', token })`
 * @throws INVALID_ARGUMENT for names that Azure does not have
 */
export function azureStorage(
  of: AzureAccount,
  send: Send,
  options: AzureStorageOptions = {},
): ConfigurableStorage {
  checkAccount(of);
  return new AzureStorage(of, send, options);
}

class AzureStorage implements ConfigurableStorage {
  readonly place: string;
  readonly checks: readonly string[] = Object.values(CHECKS).flat();
  readonly #of: AzureAccount;
  readonly #send: Send;
  readonly #options: AzureStorageOptions;

  constructor(of: AzureAccount, send: Send, options: AzureStorageOptions) {
    this.place = `az://${of.account}${of.container === undefined ? '' : `/${of.container}`}`;
    this.#of = of;
    this.#send = send;
    this.#options = options;
  }

  async plan(wanted: Wanted): Promise<Plan> {
    const asked = askedFor(wanted, this.checks);
    const { signal } = this.#options;
    const account = await this.#body('account', signal);
    const read = {
      place: this.place,
      account: propertiesIn(account),
      service: propertiesIn(await this.#body('service', signal)),
      container:
        this.#of.container === undefined ? undefined : propertiesIn(await this.#body('container', signal)),
      hasIdentity: 'value' in account && /Assigned/.test(String(textAt(account.value, 'identity', 'type'))),
      key: wanted.key === undefined ? undefined : await this.#usable(wanted.key),
    };
    return { ...planAzure(read, asked), again: () => this.plan(wanted) };
  }

  async read(setting: string, signal?: AbortSignal): Promise<State> {
    const which = checked(setting);
    const body = await this.#body(RESOURCE[which], signal);
    const value = valueIn(known(propertiesIn(body)), which);
    if (value !== undefined) return { value };
    throw new WeightsealError(
      'STORE_RESPONSE_INVALID',
      `What ${this.place} says of ${which} is not what the API has.`,
    );
  }

  async write(setting: string, value: Json, _: State, signal?: AbortSignal): Promise<void> {
    const which = checked(setting);
    const resource = RESOURCE[which];
    const method = resource === 'service' ? 'PUT' : 'PATCH';
    const path = `${this.#path(resource)}?${API}`;
    await sendChange(this.#send, method, path, bodyOf(which, value), WRITE[resource], signal);
  }

  same(setting: string, one: Json, other: Json): boolean {
    return setting === 'encryption' ? alike(plainly(one), plainly(other)) : alike(one, other);
  }

  fits(setting: string, value: Json): boolean {
    return SHAPES[checked(setting)](value);
  }

  /** An account that permits it may have containers that are public, which are not listed here. */
  async opens(setting: string, value: Json): Promise<boolean> {
    const which = checked(setting);
    return (
      (which === 'public-container' && value !== 'None') || (which === 'public-blobs' && value !== false)
    );
  }

  close(): void {}

  #path(resource: Resource): string {
    const service = `${idOf(this.#of)}/blobServices/default`;
    if (resource === 'account') return idOf(this.#of);
    if (resource === 'service') return service;
    if (this.#of.container !== undefined)
      return `${service}/containers/${encodeURIComponent(this.#of.container)}`;
    throw new WeightsealError('INVALID_ARGUMENT', 'It is about a container, and none was named.');
  }

  async #body(resource: Resource, signal?: AbortSignal): Promise<Read<Members>> {
    const path = this.#path(resource);
    const isIt = (body: Readonly<Record<string, unknown>>) =>
      membersOf(body['properties']) !== undefined && isOf(body, path);
    const permission = WRITE[resource].replace(/write$/, 'read');
    return await readBody(asking(this.#send), `${path}?${API}`, permission, isIt, signal);
  }

  /** A key that is there, enabled, and cannot be purged. */
  async #usable(uri: string): Promise<Read<WantedKey>> {
    const { vault, signal } = this.#options;
    const key = keyOf(uri);
    if (key !== undefined && OTHER_VAULT.test(key.vault))
      return {
        unread: `${key.vault.replace('https://', '')} takes another token than is asked for here: only keys in vaults of Azure's public cloud, https://NAME.vault.azure.net, can be looked at. Set the key by hand.`,
      };
    if (key === undefined || !VAULT.test(key.vault))
      return {
        unread: 'The key is no URI of a key in a vault of Azure: https://NAME.vault.azure.net/keys/KEY.',
      };
    if (!vault) return { unread: 'The vault was not asked whether the key can be used.' };
    const isIt = ({ key: its }: Readonly<Record<string, unknown>>) => typeof textAt(its, 'kid') === 'string';
    const path = `/keys/${encodeURIComponent(key.name)}?${VAULT_API}`;
    const read = await readBody(vault(key.vault), path, 'Microsoft.KeyVault/vaults/keys/read', isIt, signal);
    if ('unread' in read) return { unread: `The key ${key.name} could not be looked at. ${read.unread}` };
    const level = textAt(read.value, 'attributes', 'recoveryLevel');
    const problem =
      flagAt(read.value, 'attributes', 'enabled') !== true
        ? 'it is not enabled'
        : !/^RSA(?:-HSM)?$/.test(String(textAt(read.value, 'key', 'kty')))
          ? 'storage takes keys of RSA only'
          : typeof level !== 'string' || !level.includes('Recoverable') || level.includes('Purgeable')
            ? 'its vault lacks soft delete, or the protection from purging'
            : undefined;
    return problem === undefined
      ? { value: key }
      : { unread: `The key ${key.name} cannot be used here: ${problem}.` };
  }
}

function propertiesIn(read: Read<Members>): Read<Members> {
  return 'unread' in read ? read : { value: read.value['properties'] as Members };
}

/** Azure writes a vault with a slash or without, and of Microsoft's keys an empty or no vault. */
function plainly(encryption: Json): Json {
  const { keyvaultproperties: key, ...others } = (encryption ?? {}) as Members;
  if (textAt(encryption, 'keySource') !== 'Microsoft.Keyvault') return others;
  const { keyvaulturi: uri, ...more } = (key ?? {}) as Members;
  return {
    ...others,
    keyvaultproperties: { ...more, keyvaulturi: String(uri).replace(/\/$/, '').toLowerCase() },
  };
}

/** @throws INVALID_ARGUMENT: it stands in an undo file, which anybody may have written */
function checked(setting: string): Setting {
  const found = SETTINGS.find((one) => one === setting);
  if (found !== undefined) return found;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `${JSON.stringify(setting.slice(0, 64))} is no setting of an account that is changed here.`,
  );
}

import type { AzureAccount, BearerAskOptions } from '@weightseal/storage-audit';
import { usageError } from '../cli-error.js';
import type { Args } from '../types.js';

// How the management of a cloud is reached: alike for an audit, and for what it finds to be mended. Of each cloud only its own packages are loaded.

export type Options = Readonly<Record<string, unknown>>;
type Reached = Pick<BearerAskOptions, 'origin' | 'token'>;

const GOOGLE = 'https://storage.googleapis.com';

export interface ReachedGoogle {
  readonly buckets: Reached;
  /** Undefined where it is not known where the keys are. */
  readonly keys: Reached | undefined;
}

export async function googleOf(args: Args, options: Options): Promise<ReachedGoogle> {
  const { gcsTokens } = await import('@weightseal/store-gcs');
  const { origin, token } = gcsTokens(options);
  const given = args.one('management-endpoint');
  // Whoever has a server of their own does not mean Google's keys.
  const ofKeys = given ?? (origin === GOOGLE ? 'https://cloudkms.googleapis.com' : undefined);
  return {
    buckets: { origin, token },
    keys: ofKeys === undefined ? undefined : { origin: ofKeys, token },
  };
}

export interface ReachedAzure {
  readonly of: AzureAccount;
  readonly manager: Reached;
  /** For vaults of Azure's public cloud, by their origin. */
  readonly vault: (origin: string) => Reached;
}

/** @param where `account/container` @param refusal what is said where the account cannot be told @throws CliError of class usage */
export async function azureOf(
  args: Args,
  where: string,
  options: Options,
  refusal: string,
): Promise<ReachedAzure> {
  const [account = '', container] = where.split('/');
  const subscription = args.one('subscription') ?? process.env['AZURE_SUBSCRIPTION_ID'];
  const resourceGroup = args.one('resource-group') ?? process.env['AZURE_RESOURCE_GROUP'];
  if (subscription === undefined || resourceGroup === undefined) throw usageError(refusal);
  const { azureTokens } = await import('@weightseal/store-azure');
  const reached = (managementEndpoint: string | undefined) => azureTokens({ ...options, managementEndpoint });
  const { origin, token } = reached(args.one('management-endpoint'));
  return {
    of: { account, container, subscription, resourceGroup },
    manager: { origin, token },
    vault: (at) => ({ origin: at, token: reached('https://vault.azure.net').token }),
  };
}

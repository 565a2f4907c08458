import type { ConfigurableStorage } from '@weightseal/storage-audit';
import { azureOf, googleOf, type Options } from '../audit/clouds.js';
import { storageAudit } from '../audit/load.js';
import { s3Options, storeOptions } from '../audit/settings.js';
import { usageError } from '../cli-error.js';
import type { Place } from '../place.js';
import { quote } from '../text.js';
import type { Args } from '../types.js';

/** The storage that a URI is of. Of each cloud only its own packages are loaded. @throws CliError of class usage for what has no settings */
export async function configurable(
  args: Args,
  place: Place,
  signal: AbortSignal,
): Promise<ConfigurableStorage> {
  const { location } = place;
  const [scheme, where = ''] = location?.store.uri.split('://') ?? [];
  if (scheme !== 's3' && scheme !== 'gs' && scheme !== 'az')
    throw usageError(
      `storage configure: ${quote(args.operand)} has no settings that are known here; name s3://BUCKET, gs://BUCKET or az://ACCOUNT/CONTAINER.`,
    );
  if (location!.key !== '')
    throw usageError(
      `storage configure: Settings are of all that lies in ${quote(location!.store.uri)}; name that, and nothing below it.`,
    );
  refuseOthers(args, scheme);
  const options = await storeOptions(args, place);
  if (scheme === 'gs') return await ofGcs(args, where, options, signal);
  if (scheme === 'az') return await ofAzure(args, where, options, signal);
  const { s3Storage } = await storageAudit();
  return s3Storage(where, { ...s3Options(args, options), signal });
}

function refuseOthers(args: Args, scheme: string): void {
  const others = scheme === 's3' ? AZURE : scheme === 'az' ? ['owner'] : [...AZURE, 'owner'];
  const given = others.find((flag) => args.one(flag) !== undefined);
  if (given !== undefined)
    throw usageError(`storage configure: --${given} has no effect on ${scheme}://; leave it out.`);
}

const AZURE = ['subscription', 'resource-group'];

async function ofGcs(
  args: Args,
  bucket: string,
  options: Options,
  signal: AbortSignal,
): Promise<ConfigurableStorage> {
  const { bearerAsk, bearerSend, gcsStorage } = await storageAudit();
  const { buckets, keys } = await googleOf(args, options);
  const kms = keys === undefined ? {} : { kms: bearerAsk(keys) };
  return gcsStorage(bucket, bearerSend(buckets), { ...kms, signal });
}

async function ofAzure(
  args: Args,
  where: string,
  options: Options,
  signal: AbortSignal,
): Promise<ConfigurableStorage> {
  const { of, manager, vault } = await azureOf(
    args,
    where,
    options,
    'storage configure: An account of Azure is known by its --subscription and --resource-group (AZURE_SUBSCRIPTION_ID, AZURE_RESOURCE_GROUP).',
  );
  const { azureStorage, bearerAsk, bearerSend } = await storageAudit();
  return azureStorage(of, bearerSend(manager), { vault: (origin) => bearerAsk(vault(origin)), signal });
}

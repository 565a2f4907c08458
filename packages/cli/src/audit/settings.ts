import type { Check, Finding, S3AuditOptions } from '@weightseal/storage-audit';
import { usageError } from '../cli-error.js';
import { configuration } from '../configuration.js';
import { note } from '../notes.js';
import type { Place } from '../place.js';
import type { Args } from '../types.js';
import { azureOf, googleOf, type Options } from './clouds.js';
import { storageAudit } from './load.js';

export interface Audited {
  readonly checks: readonly Check[];
  readonly findings: readonly Finding[];
}

/** How the storage is set up, by the checks of its cloud. Of each cloud only its own packages are loaded. */
export async function auditSettings(args: Args, place: Place, signal: AbortSignal): Promise<Audited> {
  const { location } = place;
  if (!location) return await ofDirectory(args, place, signal);
  const [scheme, where] = location.store.uri.split('://') as [string, string];
  const options = await storeOptions(args, place);
  tellLeftOut(args, options, scheme === 'gs' ? ['client'] : []);
  if (scheme === 's3') return await ofS3(args, where, s3Options(args, options), signal);
  if (scheme === 'gs') return await ofGcs(args, where, options, signal);
  if (scheme === 'az') return await ofAzure(args, where, options, signal);
  note(args, `how a store of ${scheme}: is set up is not known here; only what lies there was looked at.`);
  return { checks: [], findings: [] };
}

/** What the configuration says of the store, as the store itself is given it. */
export async function storeOptions(args: Args, { text }: Place): Promise<Options> {
  const config = await configuration(args);
  if (!config) return {};
  const { storeSettings } = await import('@weightseal/config');
  return storeSettings(config, text);
}

async function ofDirectory(args: Args, { text }: Place, signal: AbortSignal): Promise<Audited> {
  const { auditDirectory, DIRECTORY_CHECKS } = await storageAudit();
  const owner = args.one('owner');
  if (owner !== undefined && !/^\d{1,10}$/.test(owner))
    throw usageError('--owner of a directory is the number of a user, as `id -u NAME` has it.');
  const given = owner === undefined ? {} : { owner: Number(owner) };
  const findings = await auditDirectory(text, { sealed: args.has('sealed'), signal, ...given });
  return { checks: DIRECTORY_CHECKS, findings };
}

/** Those of a store that only its own requests go by. */
const OF_STORES = ['proxy', 'clientConfig', 'client', 'userProject'];

/** Whoever looks at settings that cannot be read is to know that they were asked in another way. */
function tellLeftOut(args: Args, options: Options, taken: readonly string[]): void {
  const left = OF_STORES.filter((name) => options[name] !== undefined && !taken.includes(name));
  if (left.length > 0)
    note(args, `how it is set up is asked without ${left.join(' and ')} of the store's configuration.`);
}

/** Those of a store of S3 that an audit has too. */
const OF_S3 = ['region', 'endpoint', 'pathStyle', 'profile', 'credentials', 'bucketOwner', 'allowHttp'];

export function s3Options(args: Args, options: Options): S3AuditOptions {
  const given = Object.entries(options).filter(([name]) => OF_S3.includes(name));
  const [owner, kmsEndpoint] = [args.one('owner'), args.one('management-endpoint')];
  return {
    ...Object.fromEntries(given),
    ...(owner !== undefined && { bucketOwner: owner }),
    ...(kmsEndpoint !== undefined && { kmsEndpoint }),
    ...(args.has('no-anonymous') && { anonymous: false }),
  };
}

async function ofS3(
  args: Args,
  bucket: string,
  options: S3AuditOptions,
  signal: AbortSignal,
): Promise<Audited> {
  const { auditS3, S3_CHECKS } = await storageAudit();
  const audit = auditS3(bucket, {
    ...options,
    ...(await expected(args)),
    sealed: args.has('sealed'),
    signal,
  });
  return { checks: S3_CHECKS, findings: await Array.fromAsync(audit) };
}

async function ofGcs(args: Args, bucket: string, options: Options, signal: AbortSignal): Promise<Audited> {
  const { auditGcs, bearerAsk, GCS_CHECKS } = await storageAudit();
  const { buckets, keys } = await googleOf(args, options);
  const findings = await auditGcs(bucket, bearerAsk(buckets), {
    ...(await expected(args)),
    sealed: args.has('sealed'),
    signal,
    ...(keys !== undefined && { kms: bearerAsk(keys) }),
  });
  return { checks: GCS_CHECKS, findings };
}

async function ofAzure(args: Args, where: string, options: Options, signal: AbortSignal): Promise<Audited> {
  const { of, manager } = await azureOf(
    args,
    where,
    options,
    'audit storage: How an account of Azure is set up is known by its --subscription and --resource-group (AZURE_SUBSCRIPTION_ID, AZURE_RESOURCE_GROUP); --objects-only does without.',
  );
  const { auditAzure, AZURE_CHECKS, bearerAsk } = await storageAudit();
  const how = { ...(await expected(args)), sealed: args.has('sealed'), signal };
  return { checks: AZURE_CHECKS, findings: await auditAzure(of, bearerAsk(manager), how) };
}

async function expected(args: Args): Promise<{ readonly expectedKey?: string }> {
  const key = await expectedKey(args);
  return key === undefined ? {} : { expectedKey: key };
}

/** What --key means: a name of the configuration, or else as it stands. */
export async function expectedKey(args: Args): Promise<string | undefined> {
  const given = args.one('key');
  if (given === undefined) return undefined;
  const config = await configuration(args);
  return config?.keys.get(given)?.uri ?? given;
}

import type { Config } from '@weightseal/config';
import type { ObjectAuditOptions, VerifySealed } from '@weightseal/storage-audit';
import { configuration, configurationFor, trustedConfiguration } from '../configuration.js';
import { core } from '../core.js';
import { isUri, type Place } from '../place.js';
import { signersOf } from '../signing.js';
import type { Args } from '../types.js';
import { sampleOf } from './choices.js';
import { storageAudit } from './load.js';
import { s3Options, storeOptions } from './settings.js';

export const SIGNER_FLAGS = ['public-key', 'root', 'identity', 'issuer', 'trusted-root'] as const;

/** How objects are looked at: by which keys and signers, as the command line says, or the configuration. */
export async function objectOptions(
  args: Args,
  place: Place,
  config: Config | undefined,
  signal: AbortSignal,
): Promise<ObjectAuditOptions> {
  return {
    sample: sampleOf(args),
    after: args.one('after'),
    keys: keysOf(args, config),
    verify: await verifierOf(args, config),
    versions: await versionsOf(args, place),
    signal,
  };
}

/** That which counts for the place. @throws CONFIG_UNTRUSTED, CONFIG_INVALID */
export async function configurationOf(args: Args): Promise<Config | undefined> {
  if (isUri(args.operand)) return await configuration(args);
  const given = args.many('keys');
  const asked = given.length > 0 || args.one('config') !== undefined || args.one('profile') !== undefined;
  // A directory is looked at whatever lies around it: one that was only found has no effect.
  return asked ? await configurationFor(args, given) : await trustedConfiguration(args);
}

/** Undefined where nobody has said. */
function keysOf(args: Args, config: Config | undefined): readonly string[] | undefined {
  const given = args.many('keys');
  const known = config
    ? [
        ...config.keys.values(),
        ...(config.keysToOpen() ?? []),
        ...config.recipients.flatMap(({ keys }) => keys),
      ]
    : [];
  const meant =
    given.length > 0 ? given.map((key) => config?.key(key) ?? { uri: key, formerUris: [] }) : known;
  const uris = new Set(meant.flatMap(({ uri, formerUris = [] }) => [uri, ...formerUris]));
  return uris.size > 0 ? [...uris] : undefined;
}

async function verifierOf(args: Args, config: Config | undefined): Promise<VerifySealed | undefined> {
  if (SIGNER_FLAGS.some((flag) => args.many(flag).length > 0)) {
    const signers = await signersOf(args, 'audit storage');
    const { verifyRelease } = await import('@weightseal/release');
    return (at, options) => verifyRelease(at, signers, options);
  }
  if (!config?.trust) return undefined;
  const { trustedSigners, trustJudge } = await import('@weightseal/config');
  const signers = await trustedSigners(config);
  if (signers.length === 0) return undefined;
  // What a rule only warns of is found here all the same.
  const judge = await trustJudge(config, {
    onWarning: (error) => {
      throw error;
    },
  });
  const [{ openReleased }, { verifyRelease }] = await Promise.all([core(), import('@weightseal/release')]);
  return async (at, options) => {
    // Models that no rule asks anything of are judged good unsigned.
    await verifyRelease(at, signers, options);
    await using release = await openReleased(at, options);
    await judge!.judge(release, options);
  };
}

/** Of S3 and of Google. */
async function versionsOf(args: Args, place: Place): Promise<ObjectAuditOptions['versions']> {
  const { location } = place;
  const [scheme, bucket = ''] = location?.store.uri.split('://') ?? [];
  if (!location || (scheme !== 's3' && scheme !== 'gs')) return undefined;
  const options = await storeOptions(args, place);
  const { bearerAsk, gcsVersions, s3Versions } = await storageAudit();
  if (scheme === 's3') return s3Versions(bucket, s3Options(args, options), location.key);
  const { gcsTokens } = await import('@weightseal/store-gcs');
  return gcsVersions(bucket, bearerAsk(gcsTokens(options)), location.key);
}

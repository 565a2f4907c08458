import type { Config } from '@weightseal/config';
import type { ObjectAuditOptions, VerifySealed } from '@weightseal/storage-audit';
import { fs } from '../builtins.js';
import { configuration, configurationFor, trustedConfiguration } from '../configuration.js';
import { core } from '../core.js';
import { isUri, type Place } from '../place.js';
import { signersOf } from '../signing.js';
import type { Args } from '../types.js';
import { sampleOf } from './choices.js';
import { storageAudit } from './load.js';
import { s3Options, storeOptions } from './settings.js';

const SIGNER_FLAGS = ['public-key', 'root', 'identity', 'issuer', 'trusted-root'] as const;

export interface Asked {
  readonly options: ObjectAuditOptions;
  /** Whose signature counts, and which server is asked: a digest, by which one who goes on with another's audit asks for the same. */
  readonly whom: string;
}

/** How objects are looked at: by which keys and signers, as the command line says, or the configuration. */
export async function objectsAsked(
  args: Args,
  place: Place,
  config: Config | undefined,
  signal: AbortSignal,
): Promise<Asked> {
  const { verify, signers } = await verifierOf(args, config);
  const options = {
    sample: sampleOf(args),
    after: args.one('after'),
    keys: keysOf(args, config),
    verify,
    versions: await versionsOf(args, place),
    signal,
  };
  const store = place.location ? await storeOptions(args, place) : {};
  const server = SERVER.map((name) => store[name]);
  return { options, whom: await digestOf([signers, config?.trust?.rules, config?.trust?.others, server]) };
}

/** Of a store's configuration: what tells one server, or one caller, from another, and is no secret. */
const SERVER = ['endpoint', 'region', 'profile', 'account'];

async function digestOf(value: unknown): Promise<string> {
  const text = JSON.stringify(value, (_, one: unknown) =>
    one instanceof Uint8Array ? Buffer.from(one).toString('hex') : one,
  );
  return Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(text))).toString('hex');
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

interface Verifier {
  readonly verify: VerifySealed | undefined;
  /** With the keys and roots that their files hold by now. */
  readonly signers: readonly unknown[];
}

async function verifierOf(args: Args, config: Config | undefined): Promise<Verifier> {
  if (SIGNER_FLAGS.some((flag) => args.many(flag).length > 0)) {
    const signers = await signersOf(args, 'audit storage');
    const { verifyRelease } = await import('@weightseal/release');
    const root = args.one('trusted-root');
    const read = root === undefined ? [] : [fs.readFileSync(root)];
    return {
      verify: (at, options) => verifyRelease(at, signers, options),
      signers: [...signers, ...read],
    };
  }
  if (!config?.trust) return NOBODY;
  const { trustedSigners, trustJudge } = await import('@weightseal/config');
  const signers = await trustedSigners(config);
  if (signers.length === 0) return NOBODY;
  // What a rule only warns of is found here all the same.
  const judge = await trustJudge(config, {
    onWarning: (error) => {
      throw error;
    },
  });
  const [{ openReleased }, { verifyRelease }] = await Promise.all([core(), import('@weightseal/release')]);
  const verify: VerifySealed = async (at, options) => {
    // Models that no rule asks anything of are judged good unsigned.
    await verifyRelease(at, signers, options);
    await using release = await openReleased(at, options);
    await judge!.judge(release, options);
  };
  return { verify, signers };
}

const NOBODY: Verifier = { verify: undefined, signers: [] };

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

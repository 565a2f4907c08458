import type { AnyProvider } from '@weightseal/keys';
import { moduleOf, optionsOf } from './check-providers.js';
import { rulesAt } from './check-trust.js';
import type { ConfigInput, KeyInput, ProfileInput } from './define.js';
import { InterpolationProblem, interpolate } from './interpolate.js';
import { configInvalid, MOST_TOLD, type Path, type Problem, type Source } from './source.js';
import type { ConfiguredStore } from './stores.js';
import { type TrustInput, type TrustRuleInput, trustOf } from './trust-input.js';

/** A text with its place, to point at. */
export interface Text {
  readonly value: string;
  /** As it is written, before the environment is put in. */
  readonly raw: string;
  readonly at: Path;
}

interface EffectiveKey {
  readonly uri: Text;
  readonly formerUris: readonly Text[] | undefined;
  readonly deadlineMs: number | undefined;
}

export interface EffectiveRule {
  readonly path: readonly Text[] | undefined;
  readonly keys: readonly Text[];
  readonly context: ReadonlyMap<string, Text | true>;
}

export interface EffectiveProvider {
  /** As it is written. */
  readonly module: string | AnyProvider;
  readonly options: object | undefined;
}

/** What counts once a profile is laid over the rest. */
export interface Effective {
  readonly keys: ReadonlyMap<string, EffectiveKey>;
  readonly recipients: readonly EffectiveRule[];
  readonly open: readonly Text[] | undefined;
  readonly deadlineMs: number | undefined;
  readonly hedgeMs: number | undefined;
  readonly providers: ReadonlyMap<string, EffectiveProvider>;
  readonly stores: ReadonlyMap<string, ConfiguredStore>;
  readonly trust: TrustInput | undefined;
}

/**
 * Lays a profile over the rest. Of the environment only what then counts is looked up: development needs no variable of production.
 *
 * @param env undefined leaves every text as it is written
 * @throws CONFIG_INVALID for variables that are not set
 */
export function effective(
  source: Source,
  config: ConfigInput,
  profile: string | undefined,
  env: NodeJS.ProcessEnv | undefined,
): Effective {
  const over: ProfileInput = (profile === undefined ? undefined : config.profiles?.[profile]) ?? {};
  const problems: Problem[] = [];
  const placeOf = (member: keyof ProfileInput, inOver = over[member] !== undefined): Path =>
    inOver ? ['profiles', profile!, member] : [member];
  const text = (raw: string, at: Path): Text => {
    const value = env === undefined ? raw : interpolate(raw, env);
    if (!(value instanceof InterpolationProblem)) return { value, raw, at };
    problems.push({ path: at, text: value.text });
    return { value: '', raw, at };
  };
  const texts = (raw: readonly string[], at: Path) => raw.map((one, index) => text(one, [...at, index]));
  const keys = new Map<string, EffectiveKey>();
  for (const [name, input] of Object.entries({ ...config.keys, ...over.keys })) {
    const at = [...placeOf('keys', over.keys !== undefined && Object.hasOwn(over.keys, name)), name];
    const { uri, formerUris, deadlineMs }: Exclude<KeyInput, string> =
      typeof input === 'string' ? { uri: input } : input;
    const where = typeof input === 'string' ? at : [...at, 'uri'];
    keys.set(name, {
      uri: text(uri, where),
      formerUris: formerUris && texts(formerUris, [...at, 'formerUris']),
      deadlineMs,
    });
  }
  const rules = over.recipients ?? config.recipients ?? [];
  const recipients = rules.map(({ path, keys: names, context = {} }, index): EffectiveRule => {
    const at = [...placeOf('recipients'), index];
    return {
      path: typeof path === 'string' ? [text(path, [...at, 'path'])] : path && texts(path, [...at, 'path']),
      keys: texts(names, [...at, 'keys']),
      context: new Map(
        Object.entries(context).map(([name, value]) => [
          name,
          value === true ? value : text(value, [...at, 'context', name]),
        ]),
      ),
    };
  });
  const providers = new Map<string, EffectiveProvider>();
  for (const [scheme, input] of Object.entries({ ...config.providers, ...over.providers })) {
    const at = placeOf('providers', over.providers !== undefined && Object.hasOwn(over.providers, scheme));
    const given = optionsOf(input);
    const where = [...at, scheme, 'options'];
    const options = given && (mapTexts(given, where, (raw, place) => text(raw, place).value) as object);
    providers.set(scheme, { module: moduleOf(input), options });
  }
  const stores = new Map<string, ConfiguredStore>();
  for (const [of, { tuning, ...options }] of Object.entries({ ...config.stores, ...over.stores })) {
    const at = placeOf('stores', over.stores !== undefined && Object.hasOwn(over.stores, of));
    const put = mapTexts(options, [...at, of], (raw, place) => text(raw, place).value);
    stores.set(of, { options: put as ConfiguredStore['options'], tuning });
  }
  const open = over.open ?? config.open;
  const given = over.trust ?? config.trust;
  const trust = given && trustOf(given);
  const channelOf = (channel: TrustRuleInput['channel'], at: Path): TrustRuleInput['channel'] => {
    if (typeof channel === 'string') return text(channel, at).value;
    return channel && { ...channel, at: text(channel.at, [...at, 'at']).value };
  };
  const found = {
    keys,
    recipients,
    open: open && texts(open, placeOf('open')),
    deadlineMs: over.deadlineMs ?? config.deadlineMs,
    hedgeMs: over.hedgeMs ?? config.hedgeMs,
    providers,
    stores,
    trust: trust && {
      ...trust,
      rules: trust.rules?.map(({ channel, ...rule }, index) => ({
        ...rule,
        channel: channelOf(channel, [...rulesAt(given!, placeOf('trust').slice(0, -1)), index, 'channel']),
      })),
    },
  };
  if (problems.length > 0) throw configInvalid(source, problems.slice(0, MOST_TOLD));
  return found;
}

/** Every text in what a provider is given; what is of no kind that YAML and JSON have is left as it is. */
function mapTexts(value: unknown, at: Path, text: (raw: string, at: Path) => string): unknown {
  if (typeof value === 'string') return text(value, at);
  if (Array.isArray(value)) return value.map((one, index) => mapTexts(one, [...at, index], text));
  if (typeof value !== 'object' || value === null || !isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, mapTexts(one, [...at, name], text)]),
  );
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype as object) === null;
}

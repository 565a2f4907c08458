import type { Config, ConfiguredKey, RecipientRule } from '@weightseal/config';
import { usageError } from '../cli-error.js';
import { configuration, used } from '../configuration.js';
import { bound, more, runs, type SummaryProvider } from '../configured.js';
import { list, quote } from '../text.js';
import type { Args, Result } from '../types.js';

export async function keysList(args: Args): Promise<Result> {
  const config = await configuration(args);
  if (!config)
    throw usageError('keys list: No weightseal.config file was found here or above; name one with --config.');
  return { value: plain(config), lines: describe(config), essential: true };
}

function plain(config: Config): object {
  const { profiles, recipients, deadlineMs, hedgeMs } = config;
  return {
    ...used(config),
    profiles,
    keys: [...config.keys.values()].map(({ directory: _, name, uri: keyUri, ...key }) => ({
      name,
      keyUri,
      ...key,
    })),
    recipients: recipients.map(({ keys, ...rule }) => ({ ...rule, keys: keys.map(nameOf) })),
    open: config.keysToOpen()?.map(nameOf),
    deadlineMs,
    hedgeMs,
    ...(config.providers.size > 0 && { providers: providersOf(config) }),
  };
}

function providersOf(config: Config): readonly Omit<SummaryProvider, 'options'>[] {
  return [...config.providers].map(([scheme, { module }]) => ({
    scheme,
    module: typeof module === 'string' ? module : config.path,
  }));
}

function describe(config: Config): string[] {
  const keys = [...config.keys.values()];
  const width = Math.max(0, ...keys.map(({ name = '' }) => name.length)) + 2;
  const { profile, profiles, deadlineMs, hedgeMs } = config;
  const others = profiles.filter((name) => name !== profile);
  return [
    ...list('config', [quote(config.path)]),
    ...list('profile', [
      [profile ?? 'none', others.length > 0 && `others are ${others.join(', ')}`].filter(Boolean).join('; '),
    ]),
    ...list(
      'keys',
      keys.map((key) => `${(key.name ?? '').padEnd(width)}${quote(key.uri)}${more(key)}`),
    ),
    ...list('seal', config.recipients.map(ruleLine)),
    ...list('open', [config.keysToOpen()?.map(shown).join(', ') ?? 'only with --key']),
    ...list('deadline', deadlineMs === undefined ? [] : [`${deadlineMs} ms`]),
    ...list('hedge', hedgeMs === undefined ? [] : [`${hedgeMs} ms`]),
    ...list('runs', providersOf(config).map(runs)),
  ];
}

function ruleLine({ path, keys, context, requiredContext }: RecipientRule, index: number): string {
  const what =
    path === undefined ? (index === 0 ? 'everything' : 'everything else') : path.map(quote).join(' or ');
  return `${what} for ${keys.map(shown).join(', ')}${bound(context, requiredContext)}`;
}

function nameOf({ name, uri }: ConfiguredKey): string {
  return name ?? uri;
}

function shown({ name, uri }: ConfiguredKey): string {
  return name ?? quote(uri);
}

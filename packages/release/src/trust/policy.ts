import { checkOptions, filePath, isLocation, isUtcTime, WeightsealError } from '@weightseal/core';
import { checkTrusted } from '../check-trusted.js';
import type { TrustedSigner } from '../signers.js';
import { type NameMatcher, nameMatcher } from './glob.js';
import type { ChannelPlace, Require, TrustedChannel, TrustOptions, TrustRule } from './types.js';
import { parseVersion, type Version } from './version.js';

// What a policy says, checked once: one that is misspelt would let everything pass.

export interface CheckedRule {
  readonly matches: NameMatcher;
  /** For messages. */
  readonly model: string;
  readonly signers: readonly TrustedSigner[];
  readonly least: { readonly text: string; readonly version: Version } | undefined;
  /** Milliseconds since 1970. */
  readonly notAfter: number | undefined;
  readonly require: Require;
  readonly channel:
    | { readonly at: Exclude<ChannelPlace, URL>; readonly signers: readonly TrustedSigner[] }
    | undefined;
}

const REQUIRE: readonly unknown[] = ['enforce', 'warn', 'off'];
const RULE = {
  model: 'any',
  signers: 'list',
  minVersion: 'string',
  notAfter: 'any',
  require: 'string',
  channel: 'object',
} as const;
const OPTIONS = { others: 'string', onWarning: 'function', state: 'string', now: 'function' } as const;

/** @throws INVALID_ARGUMENT */
export function checkTrustOptions(options: TrustOptions): TrustOptions {
  const { others, state } = checkOptions(options, OPTIONS, 'A trust policy');
  checkRequire(others, 'others');
  if (state !== undefined && state !== 'user' && state !== 'none')
    throw argument('`state` of a trust policy is user or none.');
  return options;
}

/** @throws INVALID_ARGUMENT */
export function checkRule(rule: TrustRule, index: number): CheckedRule {
  const whose = `Rule ${index} of the trust policy`;
  checkOptions(rule, RULE, whose);
  const { signers, minVersion, notAfter, channel, require = 'enforce' } = rule;
  const globs = typeof rule.model === 'string' ? [rule.model] : rule.model;
  if (!Array.isArray(globs) || globs.length === 0)
    throw argument(`${whose} needs \`model\`: a glob, or several.`);
  checkRequire(require, 'require');
  checkSigners(signers, whose, require);
  return {
    matches: nameMatcher(globs as string[]),
    model: globs.join(', '),
    signers,
    least: minVersion === undefined ? undefined : leastOf(minVersion, whose),
    notAfter: notAfter === undefined ? undefined : momentOf(notAfter, whose),
    require,
    channel: channel && checkChannel(channel, signers, whose),
  };
}

/** Whoever wrote a rule relies on it. @throws INVALID_ARGUMENT for one that never counts */
export function checkOrder(policy: readonly TrustRule[]): void {
  const every = policy.findIndex(({ model }) => [model].flat().includes('**'));
  if (every >= 0 && every < policy.length - 1)
    throw argument(
      `Rule ${every} of the trust policy is about every model (**), so that those after it never count; put it last.`,
    );
}

function checkSigners(signers: readonly TrustedSigner[], whose: string, require: Require): void {
  if (!Array.isArray(signers))
    throw argument(`${whose} needs \`signers\`: an array of those who are trusted.`);
  checkTrusted(signers);
  if (signers.length === 0 && require === 'enforce')
    throw argument(`${whose} has no signer, and so refuses all; name one.`);
}

function checkRequire(value: unknown, name: string): void {
  if (value !== undefined && !REQUIRE.includes(value))
    throw argument(`\`${name}\` of a trust policy is enforce, warn or off.`);
}

function leastOf(text: string, whose: string): CheckedRule['least'] {
  const version = parseVersion(text);
  if (version) return { text, version };
  throw argument(`${whose} has a minVersion that cannot be compared; write numbers with dots, such as 1.2.`);
}

function momentOf(given: Date | string, whose: string): number {
  const at = typeof given === 'string' ? (isUtcTime(given) ? Date.parse(given) : Number.NaN) : Number(given);
  if (!Number.isNaN(at)) return at;
  throw argument(
    `${whose} has a notAfter that is no moment; write one in UTC, such as 2027-01-31T00:00:00Z.`,
  );
}

function checkChannel(
  channel: TrustedChannel,
  ofRule: readonly TrustedSigner[],
  whose: string,
): CheckedRule['channel'] {
  checkOptions(channel, { at: 'any', signers: 'list' }, `The channel of ${whose.toLowerCase()}`);
  const at = filePath(channel.at);
  if (!isLocation(at) && typeof at !== 'function' && (typeof at !== 'string' || at === ''))
    throw argument(`${whose} has a channel without \`at\`: a path, or a place in a store.`);
  const { signers = ofRule } = channel;
  checkTrusted(signers);
  if (signers.length === 0) throw argument(`${whose} has a channel, and nobody whose word counts for it.`);
  return { at, signers };
}

function argument(message: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', message);
}

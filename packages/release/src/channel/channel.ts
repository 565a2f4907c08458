import { isUtcTime, WeightsealError } from '@weightseal/core';
import { SHA256_HEX, STATEMENT_TYPE, type Statement } from '../statement/statement.js';

// A channel says which release of a model is the current one: an in-toto statement about a manifest.

/** Not a URL: nobody has to have the name of a host for it. */
export const CHANNEL_PREDICATE = 'weightseal/channel/v1';

/** What a channel says. */
export interface Channel {
  /** Its name, as the context or the manifest of its releases has it. */
  readonly model: string;
  /** Of the release, for people. */
  readonly version?: string | undefined;
  /** SHA-256 of the manifest of the current release, 64 lower-case hexadecimal digits. */
  readonly manifest: string;
  /** Higher with each release: a lower one than was seen before is an old channel. */
  readonly counter: number;
  /** Until when it counts, RFC 3339 in UTC. */
  readonly expires: string;
  /** When it was made, RFC 3339 in UTC. */
  readonly created: string;
}

const MEMBERS: readonly string[] = ['model', 'version', 'manifest', 'counter', 'expires', 'created'];
const MAX_TEXT = 256;

/** The statement, in JSON: what is to be signed. */
export function encodeChannel({ model, version, manifest, counter, expires, created }: Channel): Uint8Array {
  const predicate = { model, ...(version !== undefined && { version }), manifest, counter, expires, created };
  return Buffer.from(
    JSON.stringify({
      _type: STATEMENT_TYPE,
      subject: [{ name: model, digest: { sha256: manifest } }],
      predicateType: CHANNEL_PREDICATE,
      predicate,
    }),
  );
}

/** @throws CHANNEL_INVALID */
export function channelOf({ subject, predicate }: Statement): Channel {
  const problem = channelProblem(predicate);
  if (problem !== undefined) throw channelInvalid(`its statement ${problem}`);
  const channel = predicate as Channel;
  if (subject.name !== channel.model || subject.digest !== channel.manifest)
    throw channelInvalid('its statement contradicts itself');
  return channel;
}

/** What keeps a value from being a channel, to the end of a sentence. */
export function channelProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'says nothing';
  const stranger = Object.keys(value).find((name) => !MEMBERS.includes(name));
  if (stranger !== undefined)
    return `has a member ${JSON.stringify(stranger.slice(0, 64))}, which is not known`;
  const { model, version, manifest, counter, expires, created } = value as {
    readonly [name: string]: unknown;
  };
  if (!isText(model)) return 'names no model, in at most 256 characters';
  if (version !== undefined && !isText(version))
    return 'has a version that is no text of at most 256 characters';
  if (typeof manifest !== 'string' || !SHA256_HEX.test(manifest)) return 'names no manifest by its SHA-256';
  if (!Number.isSafeInteger(counter) || (counter as number) < 1)
    return 'has a counter that is no whole number from 1 to 2^53 − 1';
  if (!isMoment(expires)) return 'does not say until when it counts, in UTC';
  return isMoment(created) ? undefined : 'does not say when it was made, in UTC';
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT && !/\p{Cc}/u.test(value);
}

function isMoment(value: unknown): boolean {
  return typeof value === 'string' && isUtcTime(value);
}

/** @param why to the end of a sentence */
export function channelInvalid(why: string, cause?: unknown): WeightsealError {
  return new WeightsealError(
    'CHANNEL_INVALID',
    `The channel cannot be used: ${why}. Get it from where the model is released.`,
    cause === undefined ? {} : { cause },
  );
}

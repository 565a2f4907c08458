import type { KeyWrapper } from '@weightseal/core';
import { CliError, usageError } from '../cli-error.js';
import { configurationFor, shownKeys, tellUse, used } from '../configuration.js';
import { core } from '../core.js';
import { accessOf, resolveKeys } from '../keys.js';
import { CHANGING } from '../recipients.js';
import { quote, shellWord } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { wholeNumber } from '../values.js';
import { rotationText } from './keys-check.js';

/** Turn over now, by a schedule of the provider (`days` undefined: no longer), or tell how. */
export type Rotation =
  | { readonly kind: 'now' }
  | { readonly kind: 'schedule'; readonly days: number | undefined }
  | { readonly kind: 'status' };

export async function rotate(args: Args, { signal }: Session): Promise<Result> {
  const rotation = rotationOf(args);
  const config = await configurationFor(args, [args.operand]);
  const [key] = await resolveKeys(config, [args.operand], await accessOf(args));
  if (config) tellUse(args, config, `asking ${shownKeys(config, [args.operand])}`);
  const result =
    rotation.kind === 'now' ? rotateNow(key!, sameKey(args), signal) : schedule(key!, rotation, signal);
  const { value, ...rest } = await result.catch((error) => fail(error, key!));
  return { ...rest, value: { ...used(config), ...value } };
}

/** A provider of somebody else's may throw what has no code. */
async function fail(error: unknown, key: KeyWrapper): Promise<never> {
  if (error instanceof CliError) throw error;
  throw (await core()).asFailure(error, key);
}

/** The arguments with which another command means the same key. */
function sameKey(args: Args): string {
  const more = [
    ...['config', 'profile'].map((flag) => [flag, args.one(flag)]),
    ...args.many('provider').map((provider) => ['provider', provider]),
  ];
  return [['key', args.operand], ...more]
    .flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag} ${shellWord(value)}`]))
    .join(' ');
}

function rotationOf(args: Args): Rotation {
  const days = wholeNumber(args, 'every');
  const said = [
    days !== undefined && '--every',
    args.has('off') && '--off',
    args.has('status') && '--status',
  ];
  const flags = said.filter((flag) => flag !== false);
  if (flags.length > 1) throw usageError(`rotate: ${flags.join(' and ')} exclude each other.`);
  if (flags.length === 0) return { kind: 'now' };
  return args.has('status') ? { kind: 'status' } : { kind: 'schedule', days };
}

export async function schedule(
  key: KeyWrapper,
  rotation: Exclude<Rotation, { kind: 'now' }>,
  signal: AbortSignal,
): Promise<Result> {
  const { canScheduleRotation } = await core();
  if (!canScheduleRotation(key))
    throw usageError(
      `rotate: Keys of ${key.provider}: turn over only when somebody says so, and have no schedule that --every, --off and --status could be about. Run \`weightseal rotate\` with the key alone, as often as you want, from cron or a timer.`,
    );
  if (rotation.kind === 'schedule') await key.scheduleRotation(rotation.days, { signal });
  const status = await key.rotationStatus({ signal });
  return {
    value: { keyUri: key.uri, rotation: status },
    lines: [`${quote(key.uri)} turns over ${rotationText(status)}`],
    essential: true,
  };
}

export async function rotateNow(key: KeyWrapper, same: string, signal: AbortSignal): Promise<Result> {
  const { canRotate } = await core();
  if (!canRotate(key))
    throw usageError(
      key.provider === 'passphrase'
        ? `rotate: A passphrase has no versions; to change it, change it in each file: ${CHANGING}.`
        : `rotate: Keys of ${key.provider}: have no versions; make another key, and \`rewrap\` for it.`,
    );
  const from = await versionOf(key, signal);
  const to = await key.rotate({ signal });
  return {
    value: { keyUri: key.uri, keyVersion: to, formerKeyVersion: from },
    lines: [
      `rotated ${quote(key.uri)}: ${versions(from, to)}`,
      'What was sealed before still opens. To move a file to the new version:',
      `  weightseal rewrap <sealed> ${same}`,
    ],
  };
}

function versions(from: string | undefined, to: string): string {
  if (from === undefined) return `its version is ${quote(to)}`;
  // Some services have no names for versions, or give the new one a little later.
  if (from === to) return `its version is told as before, ${quote(to)}`;
  return `its version was ${quote(from)}, is ${quote(to)}`;
}

/** Whoever may rotate a key need not be allowed to look at it. */
async function versionOf(key: KeyWrapper, signal: AbortSignal): Promise<string | undefined> {
  const { canDescribe } = await core();
  if (!canDescribe(key)) return undefined;
  try {
    return (await key.describe({ signal })).primaryVersion || undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    return undefined;
  }
}

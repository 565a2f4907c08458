import type { Context } from '../format/context.js';
import type { WrappedKey } from '../format/slot.js';

export interface KeyCallOptions {
  /** Ends the call early with ABORTED. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * What a key can say of a slot before it is tried. Both are pure: no I/O, and no part of the slot goes anywhere. A file is hostile, and may have
 * 32 slots; what these say keeps a file from choosing what is asked of a key.
 */
export interface SlotJudge {
  /**
   * Whether this key may have made the slot, by all that the slot says: account, host, key, form of the version. Only such slots are tried
   * with it, beside one that has its very URI. Without it any slot of the provider may be.
   */
  fits?(slot: WrappedKey): boolean;
  /**
   * For keys that do the work in this process, instead of asking somebody: the bytes of memory that an unwrap of the slot fills, 0 where that
   * is nothing to speak of. What a file may cost is bounded by their sum then, and else by the number of calls.
   */
  effort?(slot: WrappedKey): number;
}

/**
 * The one interface of every key provider: it wraps and unwraps 32-byte data keys under a key-encryption key.
 *
 * Both calls bind the context wherever the provider's key can, keep a total deadline of their own, end early on the
 * signal, and throw a WeightsealError: ABORTED, KEY_TIMEOUT, KEY_NOT_FOUND, KEY_DENIED, KEY_DISABLED, KEY_THROTTLED,
 * KEY_UNAVAILABLE, KEY_RESPONSE_INVALID, and for unwrap UNWRAP_REJECTED. What they are given is lent: copies that are theirs for the time of the
 * call, and zeroed after it where they are secret.
 */
export interface KeyWrapper extends SlotJudge {
  /** The provider's name, which is also the scheme of its URIs, for example `local` or `aws-kms`. */
  readonly provider: string;
  /** The URI that names this key: what the caller configured. */
  readonly uri: string;
  /** What its user calls it, in a configuration for example: messages say it beside the URI. */
  readonly name?: string | undefined;
  /** Wraps the key under its primary version. The caller keeps the ownership of `dataKey`, and zeroes it. */
  wrap(dataKey: Uint8Array, context: Context, options?: KeyCallOptions): Promise<WrappedKey>;
  /** Unwraps with this very key and the version that the wrap names. The caller owns the result, and zeroes it. */
  unwrap(wrapped: WrappedKey, context: Context, options?: KeyCallOptions): Promise<Uint8Array>;
}

/** `pending-deletion` can still be undone; `destroyed` cannot. */
export type KeyState = 'enabled' | 'disabled' | 'pending-deletion' | 'destroyed' | 'unknown';

/** What a provider can tell of its key. */
export interface KeyDescription {
  readonly uri: string;
  /** The version that a wrap made now would use, in the provider's own words; empty where it has none to tell. */
  readonly primaryVersion: string;
  readonly algorithm: string;
  readonly state: KeyState;
  /** Where the key lives, in the provider's words: `software`, `hsm`, `external`, … */
  readonly protection: string;
}

/** A capability: a wrapper that can tell of its key. */
export interface KeyDescriber {
  describe(options?: KeyCallOptions): Promise<KeyDescription>;
}

/** A capability: a wrapper whose key can be made to turn over. What older versions wrapped stays readable. */
export interface KeyRotator {
  /** Makes a new primary version, and returns its name. */
  rotate(options?: KeyCallOptions): Promise<string>;
}

/** How a key turns over by itself. */
export interface RotationStatus {
  /** Whether the provider makes a new version by itself. */
  readonly automatic: boolean;
  /** Days between two versions, where the provider tells. */
  readonly everyDays?: number | undefined;
  readonly last?: Date | undefined;
  readonly next?: Date | undefined;
}

/** A capability: a wrapper whose key the provider can turn over on a schedule. */
export interface RotationScheduler {
  rotationStatus(options?: KeyCallOptions): Promise<RotationStatus>;
  /** Turns the schedule on, or off with `undefined`. @throws INVALID_ARGUMENT for a period that the provider does not offer */
  scheduleRotation(everyDays: number | undefined, options?: KeyCallOptions): Promise<void>;
}

/** A capability: a wrapper that releases a data key only to an attested environment. */
export interface AttestedKeyReleaser {
  /** Like `unwrap`, with the evidence (attestation document or token) that the key's policy asks for. */
  unwrapAttested(
    wrapped: WrappedKey,
    context: Context,
    evidence: Uint8Array,
    options?: KeyCallOptions,
  ): Promise<Uint8Array>;
}

export function canDescribe(wrapper: KeyWrapper): wrapper is KeyWrapper & KeyDescriber {
  return 'describe' in wrapper && typeof wrapper.describe === 'function';
}

export function canRotate(wrapper: KeyWrapper): wrapper is KeyWrapper & KeyRotator {
  return 'rotate' in wrapper && typeof wrapper.rotate === 'function';
}

export function canScheduleRotation(wrapper: KeyWrapper): wrapper is KeyWrapper & RotationScheduler {
  return 'scheduleRotation' in wrapper && typeof wrapper.scheduleRotation === 'function';
}

export function canReleaseAttested(wrapper: KeyWrapper): wrapper is KeyWrapper & AttestedKeyReleaser {
  return 'unwrapAttested' in wrapper && typeof wrapper.unwrapAttested === 'function';
}

/** What the key says of slots, for a key that stands for it. What is no function says nothing, as everywhere. */
export function judgesOf(key: KeyWrapper): SlotJudge {
  const { fits, effort } = key;
  return {
    ...(typeof fits === 'function' && { fits: fits.bind(key) }),
    ...(typeof effort === 'function' && { effort: effort.bind(key) }),
  };
}

import { checkOptions } from '../common/arguments.js';
import { throwIfAborted, WeightsealError } from '../errors.js';
import type { Context } from '../format/context.js';
import type { WrappedKey } from '../format/slot.js';
import { KeyMemory, type MemoryLimits } from './key-memory.js';
import { judgesOf, type KeyWrapper } from './key-wrapper.js';
import { lendToUnwrap, lendToWrap } from './lent.js';
import { checkDataKey } from './secret.js';
import { SharedCall } from './shared-call.js';
import { unwrapId } from './unwrap-id.js';
import { MAX_TIMER_MS, optionalWhole } from './whole-number.js';
import { checkKeys } from './wrap.js';

const DEFAULT_MAX_KEYS = 64;
const MOST_KEYS = 65_536;

export interface ShareOptions {
  /** How many data keys are remembered, 64 unless told; the oldest is zeroed first. 0: only calls under way at the same time are shared. */
  readonly maxKeys?: number | undefined;
  /** Milliseconds for which a data key is remembered; until the scope ends unless told. */
  readonly maxAgeMs?: number | undefined;
}

const OPTIONS: Readonly<Record<keyof ShareOptions, true>> = { maxKeys: true, maxAgeMs: true };

/** A scope in which the same unwrap is asked for once. It ends when it is disposed of: `using shared = shareUnwraps(keys)`. */
export interface SharedUnwraps extends Disposable {
  /**
   * The keys to name instead of those that were given, in the same order and with the same URIs and names. They wrap and unwrap; for what else a
   * key can do (describe, rotate), ask the one that was given.
   */
  readonly keys: readonly KeyWrapper[];
}

/**
 * Makes many openings of the same sealed file, of copies of it, or of whatever else has the same wrapped key, cost one call to the key. Two
 * unwraps are the same when key, version, algorithm, ciphertext and context are: those at the same time wait for one call, and later ones are
 * answered from memory. Each caller gets bytes of its own; a caller's abort ends the call only when nobody else waits for it. Failures are
 * not remembered.
 *
 * What is traded: a data key is in this process's memory for as long as the scope lives (or `maxAgeMs`), and not only while a file is
 * open; and a permission that is taken away, or a key that is disabled, is noticed only at the next call, not at the next opening. The key's
 * audit log shows one use where there were many.
 *
 * When the scope ends, every remembered key is zeroed, calls under way are told to stop and zeroed should they still give something, and
 * those who wait, as whoever calls later, get INVALID_ARGUMENT. Files that are open already stay open.
 *
 * @throws INVALID_ARGUMENT
 */
export function shareUnwraps(keys: readonly KeyWrapper[], options: ShareOptions = {}): SharedUnwraps {
  checkOptions(options, Object.keys(OPTIONS), 'shareUnwraps');
  const maxKeys = optionalWhole('maxKeys', options.maxKeys, 0, MOST_KEYS) ?? DEFAULT_MAX_KEYS;
  const maxAgeMs = optionalWhole('maxAgeMs', options.maxAgeMs, 1, MAX_TIMER_MS);
  return new Scope(checkKeys(keys), { maxKeys, maxAgeMs });
}

class Scope implements SharedUnwraps {
  readonly keys: readonly KeyWrapper[];
  readonly #memory: KeyMemory;
  readonly #calls = new Map<string, SharedCall>();
  #ended = false;

  constructor(keys: readonly KeyWrapper[], limits: MemoryLimits) {
    this.#memory = new KeyMemory(limits);
    this.keys = keys.map((key, number) => ({
      provider: key.provider,
      uri: key.uri,
      ...(key.name !== undefined && { name: key.name }),
      ...judgesOf(key),
      wrap: async (dataKey, context, options) => {
        this.#checkAlive();
        checkDataKey(dataKey);
        return lendToWrap(key, dataKey, context, options?.signal);
      },
      unwrap: async (wrapped, context, options) => {
        this.#checkAlive();
        throwIfAborted(options?.signal);
        const id = unwrapId(number, wrapped, context);
        const remembered = this.#memory.get(id);
        if (remembered) return remembered.clone().bytes;
        const call = this.#calls.get(id) ?? this.#begin(id, key, wrapped, context);
        return call.wait(options?.signal);
      },
    }));
  }

  #begin(id: string, key: KeyWrapper, wrapped: WrappedKey, context: Context): SharedCall {
    const unwrap = (signal: AbortSignal) => lendToUnwrap(key, wrapped, context, signal);
    const call = new SharedCall(unwrap, (dataKey) => {
      this.#calls.delete(id);
      if (dataKey) this.#memory.keep(id, dataKey);
    });
    this.#calls.set(id, call);
    return call;
  }

  #checkAlive(): void {
    if (this.#ended) throw scopeEnded();
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#memory[Symbol.dispose]();
    for (const call of [...this.#calls.values()]) call.fail(scopeEnded());
  }
}

function scopeEnded(): WeightsealError {
  return new WeightsealError(
    'INVALID_ARGUMENT',
    'The scope of these shared unwraps has ended; let it live for as long as its keys are used.',
  );
}

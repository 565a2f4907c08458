import { WeightsealError } from '@weightseal/core';
import { azureError, type Operation } from './errors.js';
import { type KeyName, versionIn } from './uri.js';

/** One call of the service within a call of ours. */
export interface Ask {
  readonly key: KeyName;
  readonly stop: AbortSignal;
}

interface CallOptions {
  readonly abortSignal: AbortSignal;
  readonly onResponse: (response: { readonly parsedBody?: unknown }) => void;
}

export interface Answered<T> {
  readonly answer: T;
  /** Which key the service says it used. The SDK's own `keyID` merely repeats what it was asked. */
  readonly kid: string | undefined;
}

/** Calls the SDK, and reads what it gives: not all of that has the types it says. Whatever is thrown comes out with a code. */
export async function ask<T>(
  { key, stop }: Ask,
  operation: Operation,
  work: (options: CallOptions) => Promise<T>,
): Promise<Answered<T>> {
  let kid: string | undefined;
  const onResponse: CallOptions['onResponse'] = ({ parsedBody }) => {
    const found = parsedBody as { kid?: unknown } | null | undefined;
    kid = typeof found?.kid === 'string' ? found.kid : undefined;
  };
  try {
    stop.throwIfAborted();
    const answer = await work({ abortSignal: stop, onResponse });
    return { answer, kid };
  } catch (error) {
    // The SDK's own words for our deadline or the caller's signal.
    if (stop.aborted) throw stop.reason;
    throw azureError(error, operation, key);
  }
}

/** The version that an id of this key names. @throws KEY_RESPONSE_INVALID */
export function answeredVersion(id: string | undefined, key: KeyName, expected?: string): string {
  const version = versionIn(id, key);
  if (version !== undefined && (expected === undefined || version === expected)) return version;
  throw invalidAnswer(key, 'the answer comes from another key or version than the one that was asked');
}

export function invalidAnswer(key: KeyName, problem: string): WeightsealError {
  return new WeightsealError(
    'KEY_RESPONSE_INVALID',
    `${key.uri}: ${problem}. Check that the vault's host leads to Key Vault, and not to a proxy or an emulator.`,
  );
}

import { isWeightsealError, WeightsealError, wipe, within } from '@weightseal/core';

/** Asks for the passphrase. What it returns is wiped after use, so it must be a fresh copy each time. */
export type PassphraseSource = (signal: AbortSignal) => Promise<Uint8Array>;

/** The bytes as they are, which the caller goes on owning, or what asks for them. */
export type GivenPassphrase = Uint8Array | PassphraseSource;

/** @throws INVALID_ARGUMENT for what is neither */
export function checkGiven(passphrase: unknown): asserts passphrase is GivenPassphrase {
  if (typeof passphrase !== 'function' && !isBytes(passphrase)) throw notBytes();
}

/**
 * Lends the passphrase, and wipes what was asked for. A person has all the time that there is.
 *
 * @throws PASSPHRASE_REQUIRED for none, and one that is empty; ABORTED
 */
export async function withPassphrase<T>(
  given: GivenPassphrase,
  signal: AbortSignal | undefined,
  use: (passphrase: Uint8Array) => T | Promise<T>,
): Promise<T> {
  const passphrase = typeof given === 'function' ? await ask(given, signal) : given;
  try {
    if (passphrase.length === 0)
      throw new WeightsealError('PASSPHRASE_REQUIRED', 'The passphrase is empty; give one.');
    return await use(passphrase);
  } finally {
    wipe(passphrase === given ? undefined : passphrase);
  }
}

async function ask(source: PassphraseSource, signal: AbortSignal | undefined): Promise<Uint8Array> {
  try {
    const limits = { signal, deadlineMs: undefined, doing: 'get the passphrase' };
    const passphrase = await within(limits, source, wipe);
    if (isBytes(passphrase)) return passphrase;
    throw notBytes();
  } catch (cause) {
    if (isWeightsealError(cause)) throw cause;
    throw new WeightsealError('PASSPHRASE_REQUIRED', 'The passphrase could not be asked for.', { cause });
  }
}

function notBytes(): WeightsealError {
  return new WeightsealError(
    'INVALID_ARGUMENT',
    'The passphrase must be given as bytes (Uint8Array), or as a function that resolves to them.',
  );
}

/** Of any realm. */
function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]';
}

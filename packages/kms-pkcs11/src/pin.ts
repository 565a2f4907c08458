import {
  isWeightsealError,
  ownBytes,
  readPrivateFile,
  secretBytes,
  secretTextIn,
  secretVariable,
  toSet,
  WeightsealError,
  wipe,
} from '@weightseal/core';

export const PIN_VARIABLE = 'WEIGHTSEAL_PKCS11_PIN';

/** Far longer than any token takes. */
const MAX_PIN_BYTES = 1024;

/** The user PIN of a token. What the function returns is wiped after use, if it is bytes; a string cannot be. */
export type Pin =
  | string
  | Uint8Array
  | ((signal: AbortSignal) => Promise<string | Uint8Array> | string | Uint8Array);

/** The PIN's bytes, which are the caller's to wipe. Asked for at each login, so that a PIN that was changed is found. */
export type PinSource = (signal: AbortSignal) => Promise<Uint8Array>;

/** From the option, else from the file of `pin-source`, else from WEIGHTSEAL_PKCS11_PIN. */
export function pinSource(pin: Pin | undefined, file: string | undefined): PinSource {
  if (pin !== undefined) return (signal) => fromOption(pin, signal);
  if (file !== undefined) return (signal) => fromFile(file, signal);
  return async () => {
    const value = await secretVariable(PIN_VARIABLE, { what: 'PIN', code: 'KEY_DENIED' });
    if (value) return takenOver(value);
    throw new WeightsealError(
      'KEY_DENIED',
      `The token wants a PIN and none is there: ${toSet(PIN_VARIABLE)}, name a file with pin-source=file:/path, or give the option \`pin\`.`,
    );
  };
}

async function fromOption(pin: Pin, signal: AbortSignal): Promise<Uint8Array> {
  if (typeof pin !== 'function') return copied(pin);
  const given = await answerOf(pin, signal);
  try {
    return copied(given);
  } finally {
    wipe(ownBytes(given));
  }
}

async function answerOf(
  pin: Exclude<Pin, string | Uint8Array>,
  signal: AbortSignal,
): Promise<string | Uint8Array> {
  try {
    return await pin(signal);
  } catch (cause) {
    if (signal.aborted || isWeightsealError(cause)) throw cause;
    throw new WeightsealError(
      'KEY_DENIED',
      'The function that was given as `pin` failed, so there is no PIN to log in with.',
      { cause },
    );
  }
}

function copied(pin: string | Uint8Array): Uint8Array {
  if (pin === '' || pin.length === 0) throw notAPin();
  const bytes = ownBytes(pin);
  if (bytes) {
    const copy = secretBytes(bytes.length);
    copy.set(bytes);
    return copy;
  }
  if (typeof pin !== 'string') throw notAPin();
  const copy = secretBytes(Buffer.byteLength(pin));
  Buffer.from(copy.buffer).write(pin);
  return copy;
}

/** The file's content less one line end. As with key files, nobody but us may read it or put another in its place. */
async function fromFile(path: string, signal: AbortSignal): Promise<Uint8Array> {
  const { bytes } = await readPrivateFile(path, 'PIN file', signal);
  try {
    if (bytes.length > MAX_PIN_BYTES) throw unfit(path, `it is over ${MAX_PIN_BYTES} bytes long`);
    const pin = secretTextIn(bytes, `in the file ${path}`, { what: 'PIN', code: 'KEY_FILE_INVALID' });
    if (pin.length === 0) throw unfit(path, 'it is empty');
    return copied(pin);
  } finally {
    wipe(bytes);
  }
}

/** In memory that is not moved, where it can be wiped. */
function takenOver(bytes: Uint8Array): Uint8Array {
  try {
    return copied(bytes);
  } finally {
    wipe(bytes);
  }
}

function notAPin(): WeightsealError {
  return new WeightsealError(
    'INVALID_ARGUMENT',
    'The option `pin` must be a string or bytes that are not empty, or a function that returns one.',
  );
}

function unfit(path: string, why: string): WeightsealError {
  return new WeightsealError('KEY_FILE_INVALID', `The PIN file ${path} cannot be used: ${why}.`);
}

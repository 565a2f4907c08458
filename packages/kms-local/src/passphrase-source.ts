import { checkedDeadline, type KeyWrapper, WeightsealError, within } from '@weightseal/core';
import { createPassphraseKey, type PassphraseKeyOptions, type PassphraseSource } from './passphrase-key.js';
import { readPrivateFile } from './private-file.js';
import { checkedPath, pathOf } from './uri.js';
import { wipe } from './wipe.js';

const VARIABLE = 'WEIGHTSEAL_PASSPHRASE';
// A bare word is refused: it is more likely the passphrase itself than a file of that name.
const clearlyPath = /^(?:\.{0,2}\/|[A-Za-z]:[\\/])/;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export interface PassphraseUriOptions extends Pick<PassphraseKeyOptions, 'scrypt' | 'deadlineMs'> {
  /** Asks a person, where the environment has no passphrase. What it returns is wiped after use. */
  readonly prompt?: PassphraseSource | undefined;
}

/**
 * The key of `passphrase:` (asked for at each call: first WEIGHTSEAL_PASSPHRASE, then `prompt`) or of
 * `passphrase:<path>` (a file that only its owner may touch; one line end at its end does not count). The path must
 * start with `/`, `./` or `../`. No spelling holds the passphrase itself.
 *
 * @throws KEY_URI_INVALID, INVALID_ARGUMENT. The calls throw also PASSPHRASE_REQUIRED, KEY_FILE_EXPOSED, KEY_FILE_INVALID.
 */
export function passphraseKeyFromUri(uri: string, options: PassphraseUriOptions = {}): KeyWrapper {
  const { prompt, scrypt, deadlineMs } = options;
  const path = pathOf(uri, 'passphrase');
  return createPassphraseKey({
    uri,
    scrypt,
    deadlineMs,
    passphrase: path === '' ? asked(prompt) : fromFile(path, checkedDeadline(deadlineMs)),
  });
}

function asked(prompt: PassphraseSource | undefined): PassphraseSource {
  return async (signal) => {
    const value = process.env[VARIABLE];
    if (value) return Buffer.from(value, 'utf8');
    if (prompt) return prompt(signal);
    throw new WeightsealError(
      'PASSPHRASE_REQUIRED',
      `No passphrase is there: set ${VARIABLE}, or name a file that holds it with passphrase:<path>.`,
    );
  };
}

function fromFile(path: string, deadlineMs: number): PassphraseSource {
  checkedPath(path, 'KEY_URI_INVALID');
  if (!clearlyPath.test(path)) {
    throw new WeightsealError(
      'KEY_URI_INVALID',
      'After passphrase: stands nothing, or the path of a file, which must start with /, ./ or ../. ' +
        'The passphrase itself never stands there.',
    );
  }
  const limits = { deadlineMs, doing: `read the passphrase file ${path}` };
  return (signal) =>
    within(
      { ...limits, signal },
      async (stop) => {
        const { bytes } = await readPrivateFile(path, 'passphrase file', stop);
        return bytes.subarray(0, lengthWithoutLineEnd(bytes));
      },
      wipe,
    );
}

function lengthWithoutLineEnd(bytes: Uint8Array): number {
  if (bytes.at(-1) !== LINE_FEED) return bytes.length;
  return bytes.at(-2) === CARRIAGE_RETURN ? bytes.length - 2 : bytes.length - 1;
}

import {
  checkedDeadline,
  checkOptions,
  type KeyWrapper,
  type Kind,
  readPrivateFile,
  type SecretText,
  secretTextIn,
  secretVariable,
  toSet,
  WeightsealError,
  wipe,
  within,
} from '@weightseal/core';
import type { PassphraseSource } from './given-passphrase.js';
import { createPassphraseKey, type PassphraseKeyOptions } from './passphrase-key.js';
import { ALLOWING, checkedPath, pathOf } from './uri.js';

const VARIABLE = 'WEIGHTSEAL_PASSPHRASE';
const GIVEN: SecretText = { what: 'passphrase', code: 'PASSPHRASE_REQUIRED' };
const IN_A_FILE: SecretText = { what: 'passphrase', code: 'KEY_FILE_INVALID' };
// A bare word is refused: it is more likely the passphrase itself than a file of that name.
const clearlyPath = /^(?:\.{0,2}\/|[A-Za-z]:[\\/])/;

export interface PassphraseUriOptions
  extends Pick<PassphraseKeyOptions, 'scrypt' | 'deadlineMs' | 'allowWeakPassphrase'> {
  /** Asks a person, where the environment has no passphrase. What it returns is wiped after use. */
  readonly prompt?: PassphraseSource | undefined;
  /** Whether the file may be another user's, neither root's nor this one's, who can change it; the default is false. */
  readonly allowKeyOfOthers?: boolean | undefined;
}

const URI_OPTIONS: Readonly<Record<keyof PassphraseUriOptions, Kind>> = {
  scrypt: 'object',
  deadlineMs: 'any',
  prompt: 'function',
  allowKeyOfOthers: 'boolean',
  allowWeakPassphrase: 'boolean',
};

/**
 * The key of `passphrase:` (asked for at each call: first WEIGHTSEAL_PASSPHRASE, then `prompt`) or of
 * `passphrase:<path>` (a file that nobody else can read or change). Wherever it comes from it must be UTF-8, and one line end at its end does not
 * count. The path must
 * start with `/`, `./` or `../`. No spelling holds the passphrase itself.
 *
 * @throws KEY_URI_INVALID, INVALID_ARGUMENT. The calls throw also PASSPHRASE_REQUIRED, PASSPHRASE_WEAK, KEY_FILE_EXPOSED, KEY_FILE_INVALID.
 */
export function passphraseKeyFromUri(uri: string, options: PassphraseUriOptions = {}): KeyWrapper {
  const checked = checkOptions(options, URI_OPTIONS, 'A key of passphrase:');
  const { prompt, scrypt, deadlineMs, allowKeyOfOthers: ofOthers, allowWeakPassphrase } = checked;
  const path = pathOf(uri, 'passphrase');
  return createPassphraseKey({
    uri,
    scrypt,
    deadlineMs,
    allowWeakPassphrase,
    passphrase: path === '' ? asked(prompt) : ofUri(path, checkedDeadline(deadlineMs), ofOthers),
  });
}

/** First the environment, then a person. `elsewhere` ends the sentence for those who have neither. */
export function asked(
  prompt: PassphraseSource | undefined,
  elsewhere = 'or name a file that holds it with passphrase:<path>',
): PassphraseSource {
  return async (signal) => {
    const value = await secretVariable(VARIABLE, GIVEN);
    if (value) return value;
    if (prompt) return typed(await prompt(signal));
    throw new WeightsealError(
      'PASSPHRASE_REQUIRED',
      `No passphrase is there: ${toSet(VARIABLE)}, ${elsewhere}.`,
    );
  };
}

/** What a program gives instead of bytes is refused where it is used. */
function typed(answer: Uint8Array): Uint8Array {
  return ArrayBuffer.isView(answer) ? secretTextIn(answer, 'that was typed', GIVEN) : answer;
}

function ofUri(path: string, deadlineMs: number, ofOthers: boolean | undefined): PassphraseSource {
  checkedPath(path, 'KEY_URI_INVALID');
  if (!clearlyPath.test(path)) {
    throw new WeightsealError(
      'KEY_URI_INVALID',
      'After passphrase: stands nothing, or the path of a file, which must start with /, ./ or ../. ' +
        'The passphrase itself never stands there.',
    );
  }
  return fromFile(path, deadlineMs, ofOthers);
}

/** A file that nobody else can read or change; one line end at its end does not count. */
export function fromFile(path: string, deadlineMs: number, ofOthers: boolean | undefined): PassphraseSource {
  const access = { ofOthers, allowing: ALLOWING, insteadOfPipe: `set ${VARIABLE}` };
  const limits = { deadlineMs, doing: `read the passphrase file ${path}` };
  return (signal) =>
    within(
      { ...limits, signal },
      async (stop) => {
        const { bytes } = await readPrivateFile(path, 'passphrase file', stop, access);
        return secretTextIn(bytes, `in the file ${path}`, IN_A_FILE);
      },
      wipe,
    );
}

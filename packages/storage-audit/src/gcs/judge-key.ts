import { failed, inapplicable, type Judgement, passed, unread } from '../report/judge.js';
import { at, STRANGE, textAt } from './members.js';
import { mendKey, mendRotation, mendVersion } from './mend.js';

/** Nothing else is put into a path of Cloud KMS. */
export const KEY_NAME: RegExp =
  /^projects\/[\w.:-]+\/locations\/[\w-]+\/keyRings\/[\w-]+\/cryptoKeys\/[\w-]+$/;

/** @param expected the resource name of a key, or its URI */
export function judgeKey(bucket: unknown, name: string, expected: string | undefined): Judgement {
  const found = textAt(bucket, 'encryption', 'defaultKmsKeyName');
  if (found === STRANGE) return unread('What the bucket says of its encryption is not what the API has.');
  const wanted = expected === undefined ? undefined : keyNameOf(expected);
  if (found === undefined || found === '')
    return failed('No default key is set: Google encrypts with keys of its own.', mendKey(name, wanted));
  if (wanted !== undefined && keyNameOf(found) !== wanted)
    return failed(`The default key is ${found}, and ${wanted} was expected.`, mendKey(name, wanted));
  return passed(`The default key is ${found}.`);
}

/** Of a URI, or the name of a version, the resource name of the key: the bucket names no version. */
export function keyNameOf(given: string): string {
  return given
    .replace(/^(?:gcp-kms:)?\/\/(?:cloudkms\.googleapis\.com\/)?/, '')
    .replace(/\/cryptoKeyVersions\/\d+$/, '');
}

/** The name of the key that new objects are encrypted with; undefined where there is none, or it is no name. */
export function defaultKeyOf(bucket: unknown): string | undefined {
  const found = textAt(bucket, 'encryption', 'defaultKmsKeyName');
  if (typeof found !== 'string') return undefined;
  const name = keyNameOf(found);
  return KEY_NAME.test(name) ? name : undefined;
}

/** Whether there is nothing to ask Cloud KMS about. */
export function hasNoKey(bucket: unknown): boolean {
  const found = textAt(bucket, 'encryption', 'defaultKmsKeyName');
  return found === undefined || found === '';
}

/** @param key a CryptoKey, as https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys has it */
export function judgeKeyEnabled(key: unknown): Judgement {
  const [name, state] = [textAt(key, 'primary', 'name'), textAt(key, 'primary', 'state')];
  if (typeof name !== 'string' || typeof state !== 'string')
    return unread('The key does not tell of a primary version.');
  if (state === 'ENABLED') return passed(`Its primary version, ${name}, is enabled.`);
  return failed(`Its primary version, ${name}, has the state ${state}.`, mendVersion(name));
}

export function judgeKeyRotation(key: unknown): Judgement {
  const name = textAt(key, 'name');
  const period = textAt(key, 'rotationPeriod');
  const level = textAt(key, 'versionTemplate', 'protectionLevel');
  if (typeof name !== 'string' || period === STRANGE || level === STRANGE || at(key, 'primary') === undefined)
    return unread('What the key says of its rotation is not what the API has.');
  if (period !== undefined) return passed(`It is rotated every ${period.replace(/s$/, ' seconds')}.`);
  if (level?.startsWith('EXTERNAL'))
    return inapplicable('The key lies outside of Google, where it is rotated.');
  return failed('Nothing rotates it by itself.', mendRotation(name));
}

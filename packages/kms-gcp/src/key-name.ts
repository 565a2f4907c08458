import { type ErrorCode, splitKeyUri, WeightsealError } from '@weightseal/core';

export const PROVIDER = 'gcp-kms';

/** A CryptoKey, or one CryptoKeyVersion of it. */
export interface KeyName {
  /** `projects/…/cryptoKeys/…`, without a version: all that Decrypt takes. */
  readonly key: string;
  readonly parts: KeyParts;
  /** The full name of the version that every wrap has to be made with; undefined: whichever is primary. */
  readonly pinned: string | undefined;
}

interface KeyParts {
  readonly project: string;
  readonly location: string;
  readonly keyRing: string;
  readonly cryptoKey: string;
}

const resource =
  /^projects\/([^/]+)\/locations\/([^/]+)\/keyRings\/([^/]+)\/cryptoKeys\/([^/]+)(?:\/cryptoKeyVersions\/([^/]+))?$/;

// Project.project_id: 6 to 30 characters; older ones belong to a domain, `example.com:my-project`. Or the project's number.
const projectId = /^(?:[a-z0-9-]+(?:\.[a-z0-9-]+)+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/;
const projectNumber = /^[1-9][0-9]{0,18}$/;
const locationId = /^[a-z][a-z0-9-]{0,62}$/;
// CreateKeyRingRequest.key_ring_id and CreateCryptoKeyRequest.crypto_key_id name this very expression.
const resourceId = /^[a-zA-Z0-9_-]{1,63}$/;
const versionId = /^[1-9][0-9]{0,18}$/;

/**
 * `gcp-kms://projects/<p>/locations/<l>/keyRings/<r>/cryptoKeys/<k>[/cryptoKeyVersions/<v>]`
 *
 * @throws KEY_URI_INVALID
 */
export function parseKeyUri(uri: string): KeyName {
  return keyName(splitKeyUri(uri, PROVIDER).body, 'KEY_URI_INVALID');
}

export function uriOf({ key, pinned }: KeyName): string {
  return `${PROVIDER}://${pinned ?? key}`;
}

/** @throws `code`, for what names no key */
export function keyName(name: string, code: ErrorCode): KeyName {
  const [, project, location, keyRing, cryptoKey, version] = resource.exec(name) ?? [];
  if (project === undefined || location === undefined || keyRing === undefined || cryptoKey === undefined) {
    throw invalid(
      code,
      'it must have the form projects/<project>/locations/<location>/keyRings/<key ring>/cryptoKeys/<key>, and at most /cryptoKeyVersions/<version> after it',
    );
  }
  if (!projectId.test(project) && !projectNumber.test(project))
    throw invalid(code, 'the project must be a project ID or a project number');
  if (!locationId.test(location)) throw invalid(code, 'the location must be one like global or europe-west1');
  if (!resourceId.test(keyRing) || !resourceId.test(cryptoKey))
    throw invalid(code, 'key ring and key have 1 to 63 letters, digits, _ and -');
  if (version !== undefined && !versionId.test(version))
    throw invalid(code, 'a key version is a number from 1');
  const parts = { project, location, keyRing, cryptoKey };
  const key = `projects/${project}/locations/${location}/keyRings/${keyRing}/cryptoKeys/${cryptoKey}`;
  return { key, parts, pinned: version === undefined ? undefined : `${key}/cryptoKeyVersions/${version}` };
}

/** Whether the text is the full name of a version of this key. */
export function isVersionOf(text: unknown, { parts }: KeyName): text is string {
  const found = read(text);
  return found?.pinned !== undefined && sameKey(found.parts, parts);
}

/** Whether the text is the name of this key. */
export function isNameOf(text: unknown, { parts }: KeyName): boolean {
  const found = read(text);
  return found !== undefined && found.pinned === undefined && sameKey(found.parts, parts);
}

/** Whether the text is a URI of this key, with a version or without. */
export function isUriOf(uri: string, { parts }: KeyName): boolean {
  const found = readUri(uri);
  return found !== undefined && sameKey(found.parts, parts);
}

/** Whether a slot's URI and its version are of one key: each may be ours by itself, where one says the project's number and the other its ID. */
export function isOneKey(uri: string, version: string): boolean {
  const named = readUri(uri);
  const made = read(version);
  if (named === undefined || made?.pinned === undefined || !sameKey(named.parts, made.parts)) return false;
  return named.pinned === undefined || versionNumber(named.pinned) === versionNumber(made.pinned);
}

/** `7` of `…/cryptoKeyVersions/7`. */
export function versionNumber(version: string): string {
  return version.slice(version.lastIndexOf('/') + 1);
}

/** Cloud KMS answers with the project's ID also where it was asked by number; which number an ID has cannot be told here. */
function sameKey(one: KeyParts, other: KeyParts): boolean {
  return (
    one.location === other.location &&
    one.keyRing === other.keyRing &&
    one.cryptoKey === other.cryptoKey &&
    (one.project === other.project || projectNumber.test(one.project) !== projectNumber.test(other.project))
  );
}

function readUri(uri: string): KeyName | undefined {
  return uri.startsWith(`${PROVIDER}://`) ? read(uri.slice(PROVIDER.length + 3)) : undefined;
}

function read(text: unknown): KeyName | undefined {
  try {
    return typeof text === 'string' ? keyName(text, 'KEY_RESPONSE_INVALID') : undefined;
  } catch {
    return undefined;
  }
}

function invalid(code: ErrorCode, problem: string): WeightsealError {
  return new WeightsealError(code, `The name of a Cloud KMS key cannot be used: ${problem}.`);
}

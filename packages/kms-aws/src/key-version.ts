import { WeightsealError } from '@weightseal/core';
import {
  type KeyIdentity,
  type KeyName,
  keyIdentity,
  parseKeyUri,
  relatedKeys,
  sameKey,
} from './key-name.js';

/** Which key and which of its materials: `<key ARN>/<key material id>`, or the ARN alone where no material is told. */
export interface KeyVersion {
  /** As the service spelled it. */
  readonly key: string;
  readonly identity: KeyIdentity;
  readonly material: string | undefined;
}

// 64 hex digits in the API's examples; no pattern is promised, so none is asked for but what fits into a name.
const materialId = /^[A-Za-z0-9_-]{1,128}$/;

export function versionName({ key, material }: KeyVersion): string {
  return material === undefined ? key : `${key}/${material}`;
}

/** What a slot names; undefined when it is no version that a wrapper of this provider wrote. */
export function parseVersion(text: string): KeyVersion | undefined {
  const [, key = text, material] = /^(.*key\/[^/]+|[^/:]+)\/([^/]+)$/.exec(text) ?? [];
  const identity = keyIdentity(key);
  if (identity === undefined || (material !== undefined && !materialId.test(material))) return undefined;
  return { key, identity, material };
}

/** The key and material of an answer, which must be the configured key. @throws KEY_RESPONSE_INVALID */
export function answeredVersion(
  // The SDK passes on whatever JSON has there.
  answer: { readonly KeyId?: unknown; readonly KeyMaterialId?: unknown },
  name: KeyName,
): KeyVersion {
  const { KeyId: key, KeyMaterialId: material } = answer;
  const identity = typeof key === 'string' ? keyIdentity(key) : undefined;
  if (typeof key !== 'string' || identity === undefined) throw strange('named no key', name);
  if (name.expected !== undefined && !sameKey(identity, name.expected))
    throw strange('named another key', name);
  if (material === undefined) return { key, identity, material };
  if (typeof material !== 'string' || !materialId.test(material))
    throw strange('named no proper key material', name);
  return { key, identity, material };
}

/**
 * Refuses a slot of another key before anything is asked. A slot is hostile: it can narrow what is done with the
 * configured key, never choose the key. A replica of a multi-Region key opens what its sibling wrapped.
 *
 * @throws UNWRAP_REJECTED
 */
export function slotVersion(text: string, name: KeyName): KeyVersion {
  const version = parseVersion(text);
  if (version === undefined) throw rejected('names no version of an AWS KMS key');
  if (!mayBe(version.identity, name)) {
    throw rejected(`is of another key than ${name.keyId}. Name the key that made it`);
  }
  return version;
}

/** Whether a slot, by all that it says, may be of the configured key; an alias says where its key is, at most. */
export function fitsSlot(keyUri: string, keyVersion: string, name: KeyName): boolean {
  const version = parseVersion(keyVersion);
  const named = nameOf(keyUri);
  if (version === undefined || named === undefined || !mayBe(version.identity, name)) return false;
  // What the URI says must be of the same key as the version, too.
  return mayBe(version.identity, named);
}

/** Whether the key may be the one that the name means. */
function mayBe(key: KeyIdentity, { expected, place, region }: KeyName): boolean {
  if (expected !== undefined && !relatedKeys(key, expected)) return false;
  if (key.place === undefined) return true;
  const [partition, keyRegion, account] = key.place.split(':');
  const [ourPartition, , ourAccount] = place?.split(':') ?? [partition, undefined, account];
  if (partition !== ourPartition || account !== ourAccount) return false;
  // A multi-Region key has a replica here.
  return region === undefined || region === keyRegion || key.id.startsWith('mrk-');
}

function nameOf(uri: string): KeyName | undefined {
  try {
    return parseKeyUri(uri);
  } catch {
    return undefined;
  }
}

/**
 * Holds what answered against what the slot names. For an alias this is the check that it still points to the key that
 * wrapped. Materials are compared for one and the same key only: nothing promises that replicas name them alike.
 *
 * @throws UNWRAP_REJECTED
 */
export function checkSameVersion(answered: KeyVersion, slot: KeyVersion): void {
  if (!relatedKeys(answered.identity, slot.identity))
    throw rejected('names another key than the one that opens it. Put back an intact copy');
  const told = answered.material !== undefined && slot.material !== undefined;
  if (told && sameKey(answered.identity, slot.identity) && answered.material !== slot.material) {
    throw rejected('names other key material than the one that opens it. Put back an intact copy');
  }
}

export function strange(what: string, { keyId }: KeyName, cause?: WeightsealError): WeightsealError {
  return new WeightsealError(
    'KEY_RESPONSE_INVALID',
    `What answers for ${keyId} ${what}, which AWS KMS does not do. Check the endpoint and proxies.`,
    cause === undefined ? {} : { cause },
  );
}

export function rejected(problem: string): WeightsealError {
  return new WeightsealError('UNWRAP_REJECTED', `The wrapped key ${problem}.`);
}

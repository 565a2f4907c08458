import { type ErrorCode, splitKeyUri, WeightsealError } from '@weightseal/core';

export const PROVIDER = 'aws-kms';

/** A key as the caller names it: by a key ARN, an alias ARN, an alias, or a key id. */
export interface KeyName {
  /** What the API takes as KeyId. */
  readonly keyId: string;
  /** Of the ARN, or told beside an alias or key id; undefined leaves it to the SDK's own chain. */
  readonly region: string | undefined;
  /** `<partition>:<region>:<account>`, where an ARN, of a key or an alias, tells it. */
  readonly place: string | undefined;
  /** What an answer's key must be; undefined for an alias, which may point anywhere. */
  readonly expected: KeyIdentity | undefined;
}

/** What an answer or a slot says of a key: its ARN or, from some compatible servers, the bare key id. */
export interface KeyIdentity {
  readonly id: string;
  /** `<partition>:<region>:<account>`, where an ARN stands. */
  readonly place: string | undefined;
}

const KEY_ID = '(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})';
// A region becomes part of a host name, so it is checked to be one. eusc-de-east-1, us-isob-east-1, cn-north-1.
const REGION = '[a-z]{2,4}(?:-[a-z]+)+-[0-9]{1,2}';
const arn = new RegExp(`^arn:(aws(?:-[a-z]+)*):kms:(${REGION}):([0-9]{12}):(?:key/(${KEY_ID})|alias/(.+))$`);
const bareId = new RegExp(`^${KEY_ID}$`);
const regionName = new RegExp(`^${REGION}$`);
// CreateAlias, AliasName: 256 characters with the prefix.
const aliasName = /^[A-Za-z0-9:/_-]{1,250}$/;

/**
 * `aws-kms://<key ARN>`, `aws-kms://<alias ARN>`, or `aws-kms://alias/<name>` and `aws-kms://<key id>`, these two with
 * `?region=<region>` unless the SDK finds the region itself.
 *
 * @throws KEY_URI_INVALID
 */
export function parseKeyUri(uri: string): KeyName {
  const { body, parameters } = splitKeyUri(uri, PROVIDER, ['region']);
  return keyName(body, parameters['region'], 'KEY_URI_INVALID');
}

/** @throws `code`, for what names no key */
export function keyName(keyId: string, region: string | undefined, code: ErrorCode): KeyName {
  if (region !== undefined && !regionName.test(region)) throw invalid(code, 'the region is none of AWS');
  if (typeof keyId !== 'string') throw invalid(code, 'keyId must be a string');
  const [, partition, arnRegion, account, id, alias] = arn.exec(keyId) ?? [];
  if (arnRegion !== undefined) {
    if (region !== undefined) throw invalid(code, 'the ARN tells the region, so none may stand beside it');
    if (alias !== undefined && !aliasName.test(alias))
      throw invalid(code, 'the alias has a form that AWS does not allow');
    const place = `${partition}:${arnRegion}:${account}`;
    return { keyId, region: arnRegion, place, expected: id === undefined ? undefined : { id, place } };
  }
  if (bareId.test(keyId)) {
    return { keyId, region, place: undefined, expected: { id: keyId, place: undefined } };
  }
  if (keyId.startsWith('alias/') && aliasName.test(keyId.slice('alias/'.length))) {
    return { keyId, region, place: undefined, expected: undefined };
  }
  throw invalid(
    code,
    'what names the key must be a key ARN, an alias ARN, alias/<name>, or a key id (a UUID, or mrk- and 32 hex digits)',
  );
}

export function uriOf({ keyId, region }: KeyName): string {
  const told = region !== undefined && !keyId.startsWith('arn:') ? `?region=${region}` : '';
  return `${PROVIDER}://${keyId}${told}`;
}

/** Reads a key ARN or a key id; undefined for all else, aliases too. */
export function keyIdentity(text: string): KeyIdentity | undefined {
  if (bareId.test(text)) return { id: text, place: undefined };
  const [, partition, region, account, id] = arn.exec(text) ?? [];
  return id === undefined ? undefined : { id, place: `${partition}:${region}:${account}` };
}

/** Whether both are the one key: the places must be equal where both are told. */
export function sameKey(one: KeyIdentity, other: KeyIdentity): boolean {
  return (
    one.id === other.id && (one.place === undefined || other.place === undefined || one.place === other.place)
  );
}

/** Whether what one wrapped the other may unwrap: the same key, or its replica in another region of the account. */
export function relatedKeys(one: KeyIdentity, other: KeyIdentity): boolean {
  if (sameKey(one, other)) return true;
  return one.id.startsWith('mrk-') && one.id === other.id && withoutRegion(one) === withoutRegion(other);
}

function withoutRegion({ place = '' }: KeyIdentity): string {
  const [partition, , account] = place.split(':');
  return `${partition}:${account}`;
}

function invalid(code: ErrorCode, problem: string): WeightsealError {
  return new WeightsealError(code, `The name of an AWS KMS key cannot be used: ${problem}.`);
}

import type { GetKeyRotationStatusCommandOutput, KeyMetadata } from '@aws-sdk/client-kms';
import type { Clients, KmsSdk } from './clients.js';
import { Unread } from './failures.js';
import { keyParts } from './key-parts.js';
import type { S3AuditOptions } from './options.js';
import type { Sends } from './send.js';

/** The parts of a key's or an alias's ARN. */
export interface KeyArn {
  readonly region: string;
  readonly account: string;
  /** `key/…`, `alias/…` */
  readonly name: string;
}

export function keyArn(text: string): KeyArn | undefined {
  const [, region, account, name] = /^arn:aws(?:-[a-z]+)*:kms:([a-z0-9-]+):(\d{12}):(.+)$/.exec(text) ?? [];
  return region === undefined || account === undefined || name === undefined
    ? undefined
    : { region, account, name };
}

/** Whether two ARNs are of one key, or of the replicas of one. */
export function isSameKey(one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [keyArn(one), keyArn(other)];
  return (
    a !== undefined &&
    b !== undefined &&
    a.name.startsWith('key/mrk-') &&
    a.name === b.name &&
    a.account === b.account
  );
}

/** What AWS KMS says of keys. */
export class KeyFacts {
  readonly #options: S3AuditOptions;
  readonly #clients: Clients;
  readonly #send: Sends;
  readonly #described = new Map<string, Promise<KeyMetadata>>();

  constructor(options: S3AuditOptions, clients: Clients, send: Sends) {
    this.#options = options;
    this.#clients = clients;
    this.#send = send;
  }

  /** @throws Unread */
  describe(key: string): Promise<KeyMetadata> {
    const begun = this.#described.get(key) ?? this.#describe(key);
    this.#described.set(key, begun);
    return begun;
  }

  /** @throws Unread */
  async rotation(key: string): Promise<GetKeyRotationStatusCommandOutput> {
    // This call knows no alias.
    const KeyId = (await this.describe(key)).Arn ?? key;
    return this.#ask<GetKeyRotationStatusCommandOutput>(
      'GetKeyRotationStatus',
      key,
      (sdk) => new sdk.GetKeyRotationStatusCommand({ KeyId }),
    );
  }

  /** The ARN of the key itself: what an alias leads to is asked for. @throws Unread */
  async arnOf(key: string): Promise<string> {
    if (keyArn(key)?.name.startsWith('key/')) return key;
    const { Arn: arn } = await this.describe(key);
    if (arn === undefined || keyArn(arn) === undefined)
      throw new Unread(`AWS KMS did not say which key ${key} is. Check the endpoint and proxies.`);
    return arn;
  }

  async #describe(key: string): Promise<KeyMetadata> {
    const answer = await this.#ask<{ readonly KeyMetadata?: KeyMetadata }>(
      'DescribeKey',
      key,
      (sdk) => new sdk.DescribeKeyCommand({ KeyId: keyParts(key).id }),
    );
    if (answer.KeyMetadata === undefined)
      throw new Unread(`AWS KMS said nothing of ${key}. Check the endpoint and proxies.`);
    return answer.KeyMetadata;
  }

  async #ask<T>(operation: string, key: string, make: (sdk: KmsSdk) => object): Promise<T> {
    const asked = { operation, permission: `kms:${operation}`, of: key };
    const answer = await this.#send<T>(asked, async () => {
      const { sdk, client } = await this.#clients.kms(
        keyParts(key).region ?? keyArn(key)?.region ?? this.#options.region,
      );
      return [client, make(sdk)];
    });
    if (answer === undefined)
      throw new Unread(`AWS KMS said nothing of ${key}. Check the endpoint and proxies.`);
    return answer;
  }
}

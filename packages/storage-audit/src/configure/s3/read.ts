import { isKms } from '../../s3/check.js';
import { missingFlags } from '../../s3/checks/block-public-access.js';
import type { Facts } from '../../s3/facts.js';
import { Unread } from '../../s3/failures.js';
import { keyArn } from '../../s3/key-facts.js';

import type { Read } from '../pieces.js';
import type { Json } from '../types.js';
import { SETTINGS, type Setting, WAYS } from './settings.js';
import type { Connection, Wire } from './wire.js';

/** All that a plan is made of. */
export interface S3Read {
  readonly bucket: string;
  readonly settings: Readonly<Record<Setting, Read<Json>>>;
  /** The account that it belongs to, where that was told. */
  readonly owner: string | undefined;
  /** By which all of this was read. */
  readonly connection: Connection;
  /** Of the bucket, for its policy. */
  readonly arn: Read<string>;
  /** Of those whom the ACL of the bucket names, all but its owner. */
  readonly others: Read<number>;
  /** Whether its account blocks public access for all of its buckets. What cannot be read is no. */
  readonly blockedByAccount: boolean;
  /** The ARN of the key that is wanted, which can be used here; undefined where none is. */
  readonly wantedKey: Read<string> | undefined;
  /** The ARN of the customer's key that the default is under, which can be used; undefined where it is under none. */
  readonly currentKey: Read<string> | undefined;
}

/** @throws what ends an audit, too: no such bucket, unknown credentials, another region, ABORTED */
export async function factsRead(facts: Facts, wire: Wire): Promise<S3Read> {
  const settings = {} as Record<Setting, Read<Json>>;
  for (const setting of SETTINGS) settings[setting] = await readOf(() => settingOf(facts, wire, setting));
  return {
    bucket: facts.bucket,
    settings,
    owner: facts.options.bucketOwner,
    connection: wire.connection,
    arn: await readOf(() => facts.arn()),
    others: await readOf(() => othersIn(facts)),
    blockedByAccount: await isBlockedByAccount(facts),
    wantedKey:
      facts.options.expectedKey === undefined
        ? undefined
        : await readOf(() => usableKey(facts, facts.options.expectedKey!, true)),
    currentKey: await currentKeyOf(facts),
  };
}

async function readOf<T>(read: () => Promise<T>): Promise<Read<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (error instanceof Unread) return { unread: error.message };
    throw error;
  }
}

/** What one setting is; null where it is not set. @throws Unread, also for what could not be written back as it is */
export async function settingOf(facts: Facts, wire: Wire, setting: Setting): Promise<Json> {
  const { read, value, elements } = WAYS[setting];
  const answer = await facts.read(read);
  if (answer === undefined) return null;
  const strange = elements && wire.namesIn(read).find((name) => !elements.includes(name));
  if (strange !== undefined)
    throw new Unread(
      `${setting} has ${strange.slice(0, 64)}, which is not known here and would be lost: change it by hand.`,
      'STORE_UNSUPPORTED',
    );
  const found = value(answer as unknown as Readonly<Record<string, unknown>>);
  if (found === undefined)
    throw new Unread(`The answer to ${read} has not what was asked for. Check the endpoint and proxies.`);
  return found;
}

async function othersIn(facts: Facts): Promise<number> {
  const { Grants: grants, Owner: owner } = (await facts.read('GetBucketAcl')) ?? {};
  if (grants === undefined || owner?.ID === undefined)
    throw new Unread('The ACL that was answered has no grants, or no owner. Check the endpoint.');
  return grants.filter(({ Grantee: who }) => who?.ID !== owner.ID).length;
}

async function isBlockedByAccount(facts: Facts): Promise<boolean> {
  const block = await readOf(() => facts.accountBlock());
  return 'value' in block && block.value !== undefined && missingFlags(block.value).length === 0;
}

/** @throws Unread for a key that could not be used, or of which nothing can be known */
async function usableKey(facts: Facts, key: string, isNew: boolean): Promise<string> {
  const said = await facts.keys.describe(key);
  const arn = await facts.keys.arnOf(key);
  const { region, account } = keyArn(arn)!;
  const [here, { bucketOwner }] = [await facts.region(), facts.options];
  const problem =
    said.KeyState !== 'Enabled'
      ? `its state is ${said.KeyState}`
      : said.KeyManager !== 'CUSTOMER'
        ? 'AWS manages it, and its policy cannot be changed'
        : said.KeySpec !== 'SYMMETRIC_DEFAULT'
          ? 'S3 takes symmetric keys for encryption only'
          : region !== here
            ? `it is in ${region}, and the bucket in ${here}`
            : isNew && bucketOwner !== undefined && account !== bucketOwner
              ? `it belongs to ${account}, and the bucket to ${bucketOwner}`
              : undefined;
  if (problem !== undefined) throw new Unread(`The key ${arn} cannot be used here: ${problem}.`);
  return arn;
}

async function currentKeyOf(facts: Facts): Promise<Read<string> | undefined> {
  const read = await readOf(() => facts.encryption());
  // That it could not be read is said of the setting.
  if ('unread' in read) return undefined;
  const { SSEAlgorithm: algorithm, KMSMasterKeyID: key } =
    read.value?.ApplyServerSideEncryptionByDefault ?? {};
  if (!isKms(algorithm) || !key || /(?:^|:)alias\/aws\/s3$/.test(key)) return undefined;
  return await readOf(() => usableKey(facts, key, false));
}

import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { checkedDeadline, checkOptions, isLoopback, type Kind, WeightsealError } from '@weightseal/core';
import type { AuditOptions } from '../types.js';
import { keyParts } from './key-parts.js';

/** All that is asked of a client of the SDK: an S3Client, a KMSClient, an S3ControlClient is one. */
export interface SdkClient {
  send(command: never, options: never): Promise<unknown>;
}

/** Clients of your own, in place of those that are made here; what is not given is not asked. */
export interface S3AuditClients {
  readonly s3: SdkClient;
  /** An S3Client that signs nothing. */
  readonly anonymous?: SdkClient | undefined;
  readonly kms?: SdkClient | undefined;
  readonly s3Control?: SdkClient | undefined;
}

/** Where a bucket is, who asks, and what is expected there. What is not told here, the SDK finds as it always does: environment, profiles, roles of the machine. */
export interface S3AuditOptions extends AuditOptions {
  /** `eu-central-1`. */
  readonly region?: string | undefined;
  /** The URL of a server that speaks S3, where it is not Amazon's. */
  readonly endpoint?: string | undefined;
  /** The URL of its key service. With an `endpoint` and without this, no key is looked at. */
  readonly kmsEndpoint?: string | undefined;
  /** Whether the bucket stands in the path, and not in the host name; the default is false. */
  readonly pathStyle?: boolean | undefined;
  /** The profile of the configuration files of AWS. */
  readonly profile?: string | undefined;
  /** What the SDK takes as credentials: keys, or a function that gets them. */
  readonly credentials?: S3ClientConfig['credentials'];
  /** The account that the bucket must belong to, 12 digits. The block of public access of a whole account is looked at only where it is told. */
  readonly bucketOwner?: string | undefined;
  /** Whether the bucket is also asked without credentials, as anybody could; the default is true. */
  readonly anonymous?: boolean | undefined;
  /** Whether the endpoint may be `http:` on another machine; the default is false. */
  readonly allowHttp?: boolean | undefined;
  /** The time for each thing that is read, in milliseconds; 10,000 unless told. */
  readonly deadlineMs?: number | undefined;
  readonly clients?: S3AuditClients | undefined;
}

const KINDS: Readonly<Record<keyof S3AuditOptions, Kind>> = {
  sealed: 'boolean',
  expectedKey: 'string',
  signal: 'signal',
  region: 'string',
  endpoint: 'string',
  kmsEndpoint: 'string',
  pathStyle: 'boolean',
  profile: 'string',
  credentials: 'any',
  bucketOwner: 'string',
  anonymous: 'boolean',
  allowHttp: 'boolean',
  deadlineMs: 'any',
  clients: 'object',
};

/** It becomes a part of a host name, of a path, and of what is shown for a shell. */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/;
const REGION = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const KEY =
  /^(?:arn:aws(?:-[a-z]+)*:kms:[a-z0-9-]+:\d{12}:(?:key\/[A-Za-z0-9-]+|alias\/[A-Za-z0-9/_-]+)|alias\/[A-Za-z0-9/_-]+)$/;

/** @throws INVALID_ARGUMENT */
export function checkBucket(bucket: unknown): asserts bucket is string {
  if (typeof bucket === 'string' && BUCKET.test(bucket) && !bucket.includes('..')) return;
  throw invalid('it is of one bucket, and needs its name');
}

/** @throws INVALID_ARGUMENT, KEY_URI_INVALID */
export function checkedOptions(options: S3AuditOptions): S3AuditOptions {
  checkOptions(options, KINDS, 'An audit of S3');
  const { region, endpoint, kmsEndpoint, bucketOwner, expectedKey, allowHttp, deadlineMs } = options;
  checkedDeadline(deadlineMs);
  if (region !== undefined && !REGION.test(region)) throw invalid('`region` is the name of a region');
  if (bucketOwner !== undefined && !/^\d{12}$/.test(bucketOwner))
    throw invalid('`bucketOwner` is the number of an account, 12 digits');
  for (const url of [endpoint, kmsEndpoint]) if (url !== undefined) checkEndpoint(url, allowHttp);
  return expectedKey === undefined ? options : { ...options, expectedKey: keyNamed(expectedKey) };
}

/** As AWS names the key; an alias with a region of its own stays the URI that tells it. */
function keyNamed(given: string): string {
  const { id, region } = keyParts(given);
  const isRight = region === undefined || (REGION.test(region) && !id.startsWith('arn:'));
  if (KEY.test(id) && isRight) return region === undefined ? id : given;
  throw invalid(
    '`expectedKey` is the ARN of a KMS key or of an alias, alias/<name>, or aws-kms:// and one of these, where ?region= tells the region of an alias',
  );
}

function checkEndpoint(endpoint: string, allowHttp = false): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (!url || !['https:', 'http:'].includes(url.protocol))
    throw invalid('an endpoint is a URL, https://host[:port]');
  if (url.username || url.password || url.search || url.hash)
    throw invalid(
      'an endpoint holds no user name, password, query or fragment; credentials are options of their own',
    );
  if (url.protocol === 'http:' && !isLoopback(url.hostname) && !allowHttp) throw inTheClear();
}

export function inTheClear(): WeightsealError {
  return invalid(
    'its endpoint has no TLS, so that session tokens, and what is asked for, would cross the network in the clear. Name an https endpoint; `allowHttp: true` permits it',
  );
}

function invalid(what: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', `An audit of S3: ${what}.`);
}

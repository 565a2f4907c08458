import type { S3ClientConfig, S3Client as SdkClient } from '@aws-sdk/client-s3';
import { checkOptions, isLoopback, type Kind, WeightsealError } from '@weightseal/core';

/** All that is asked of a client. An S3Client is one. */
export type S3Client = Pick<SdkClient, 'send'>;

/** Where a bucket is, and who asks. What is not told here, the SDK finds as it always does: environment, profiles, roles of the machine. */
export interface S3StoreOptions {
  /** `eu-central-1`. */
  readonly region?: string | undefined;
  /** The URL of a server that speaks S3, where it is not Amazon's. */
  readonly endpoint?: string | undefined;
  /** Whether the bucket stands in the path, and not in the host name, as many other servers want it; the default is false. */
  readonly pathStyle?: boolean | undefined;
  /** The profile of the configuration files of AWS. */
  readonly profile?: string | undefined;
  /** What the SDK takes as credentials: keys, or a function that gets them. */
  readonly credentials?: S3ClientConfig['credentials'];
  /** The account that the bucket must belong to, 12 digits; any other answer is refused. */
  readonly bucketOwner?: string | undefined;
  /** The proxy to go through by `CONNECT`, or false for none; what HTTPS_PROXY and NO_PROXY say unless told. Node has it from 22.21 and 24.5 on. */
  readonly proxy?: string | false | undefined;
  /** Whether the endpoint may be `http:` on another machine, where what is asked and session tokens cross the network in the clear; the default is false. */
  readonly allowHttp?: boolean | undefined;
  /** A client of your own; its region, credentials, retries and sockets are yours. */
  readonly client?: S3Client | undefined;
  /** For the client that is made otherwise: what else the SDK takes. It goes before the options above. */
  readonly clientConfig?: S3ClientConfig | undefined;
}

export const KINDS: Readonly<Record<keyof S3StoreOptions, Kind>> = {
  region: 'string',
  endpoint: 'string',
  pathStyle: 'boolean',
  profile: 'string',
  credentials: 'any',
  bucketOwner: 'string',
  proxy: 'any',
  allowHttp: 'boolean',
  client: 'object',
  clientConfig: 'object',
};

// A region becomes part of a host name. Those of other servers are words: `garage`, `us-east-1`.
const REGION = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** @throws INVALID_ARGUMENT */
export function checkedOptions(options: S3StoreOptions): S3StoreOptions {
  checkOptions(options, KINDS, 'A store of S3');
  const { region, endpoint, bucketOwner, proxy, allowHttp } = options;
  if (region !== undefined && !REGION.test(region)) throw invalid('`region` is the name of a region');
  if (bucketOwner !== undefined && !/^\d{12}$/.test(bucketOwner))
    throw invalid('`bucketOwner` is the number of an account, 12 digits');
  if (endpoint !== undefined) checkEndpoint(endpoint, allowHttp);
  if (proxy !== undefined && proxy !== false) checkProxy(proxy);
  return options;
}

function checkEndpoint(endpoint: string, allowHttp = false): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (!url || !['https:', 'http:'].includes(url.protocol))
    throw invalid('`endpoint` is a URL, https://host[:port]');
  if (url.username || url.password || url.search || url.hash)
    throw invalid(
      '`endpoint` holds no user name, password, query or fragment; credentials are options of their own',
    );
  if (url.protocol === 'http:' && !isLoopback(url.hostname) && !allowHttp) throw inTheClear();
}

function checkProxy(proxy: unknown): void {
  if (typeof proxy !== 'string' || !URL.canParse(proxy) || !/^https?:$/.test(new URL(proxy).protocol))
    throw invalid('`proxy` is the URL of a proxy, http://host:port, or false for none');
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 21) || major === 23 || (major === 24 && minor < 5))
    throw invalid('`proxy` needs Node 22.21, or 24.5, or later');
}

export function inTheClear(): WeightsealError {
  return invalid(
    'its endpoint has no TLS, so that session tokens, and what is asked for, would cross the network in the clear. Name an https endpoint; `allowHttp: true` permits it',
  );
}

export function invalid(what: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', `A store of S3: ${what}.`);
}

import type { S3Client as SdkClient } from '@aws-sdk/client-s3';
import type { ObjectRange, Wire, WireAnswer } from '@weightseal/core';
import { escaped, originOf, queryOf, type Request } from './request.js';
import { signed } from './sigv4.js';

/** What requests for ranges of one bucket have in common. */
interface Like {
  readonly origin: string;
  readonly host: string;
  /** The path before the key. */
  readonly prefix: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Not signed. */
  readonly agent: string | undefined;
  readonly region: string;
}

type Config = Pick<SdkClient['config'], 'credentials' | 'systemClockOffset'>;

/** Of S3 itself, by one region: not of directory buckets, whose sessions have tokens of their own, nor of many regions at once. */
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=[^/,]+\/\d{8}\/([A-Za-z0-9-]+)\/s3\/aws4_request, SignedHeaders=([a-z0-9;-]+), /;
/** Of this one request. */
const OWN = ['host', 'range', 'if-match', 'x-amz-date', 'x-amz-security-token'];

/**
 * Ranges that are asked for as the SDK has asked for one before, at the same host, with the same headers, and signed here: that takes 0.1 ms, where the SDK takes 0.5 to 1 ms. What is answered otherwise
 * than by a range is forgotten, so that the next request is the SDK's again.
 */
export class Alike {
  readonly #config: Config;
  readonly #wire: () => Promise<Wire>;
  #like: Like | undefined;

  constructor(config: Config, wire: () => Promise<Wire>) {
    this.#config = config;
    this.#wire = wire;
  }

  /** A request of the SDK's for a range of this object, which was answered by it. */
  learn(key: string, request: Request): void {
    const headers = Object.fromEntries(
      Object.entries(request.headers as Readonly<Record<string, string>>).map(([name, value]) => [
        name.toLowerCase(),
        value,
      ]),
    );
    const [, region, names = ''] = AUTHORIZATION.exec(headers['authorization'] ?? '') ?? [];
    const path = encoded(key);
    const kept = names.split(';').filter((name) => !OWN.includes(name) && !name.startsWith('amz-sdk-'));
    if (region === undefined || !request.path.endsWith(`/${path}`) || !kept.includes('x-amz-content-sha256'))
      return;
    if ('x-amz-s3session-token' in headers) return;
    const origin = originOf(request);
    this.#like = {
      origin,
      host: new URL(origin).host,
      prefix: request.path.slice(0, -path.length),
      query: queryOf(request),
      headers: Object.fromEntries(kept.map((name) => [name, headers[name]!])),
      agent: headers['user-agent'],
      region,
    };
  }

  /** The answer, whatever it is; undefined where the SDK is to ask. */
  async ask(
    key: string,
    { offset, length, version }: ObjectRange,
    signal: AbortSignal,
  ): Promise<WireAnswer | undefined> {
    const like = this.#like;
    if (!like) return undefined;
    const { accessKeyId, secretAccessKey, sessionToken } = await this.#config.credentials();
    const { origin, host, prefix, query, agent, region } = like;
    const path = `${prefix}${encoded(key)}`;
    const headers = {
      ...like.headers,
      host,
      range: `bytes=${offset}-${offset + length - 1}`,
      ...(version !== undefined && { 'if-match': version }),
    };
    const signer = { accessKeyId, secretAccessKey, sessionToken, region, service: 's3' };
    const { host: _, ...sent } = signed(
      { path, query, headers },
      signer,
      Date.now() + this.#config.systemClockOffset,
    );
    const request = {
      origin,
      path: query === '' ? path : `${path}?${query}`,
      headers: { ...sent, ...(agent !== undefined && { 'user-agent': agent }) },
    };
    const answer = await (await this.#wire()).get(request, signal);
    if (answer.status !== 206) this.#like = undefined;
    return answer;
  }
}

function encoded(key: string): string {
  return key.split('/').map(escaped).join('/');
}

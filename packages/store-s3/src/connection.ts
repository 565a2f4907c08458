import type { S3ClientConfig, S3Client as SdkClient } from '@aws-sdk/client-s3';
import { loadError } from '@weightseal/core';
import type { Alike } from './alike.js';
import { guardWire } from './guarded-wire.js';
import type { S3Client, S3StoreOptions } from './options.js';
import { type Ranges, readByWire } from './ranges.js';
import { leaveBodiesUnsigned } from './unsigned-bodies.js';

export type Sdk = typeof import('@aws-sdk/client-s3');

export interface Connection {
  readonly sdk: Sdk;
  readonly client: S3Client;
  /** Where ranges are asked for again as the SDK has once. */
  readonly alike?: Alike | undefined;
}

interface Made extends Connection {
  readonly own: SdkClient | undefined;
  readonly ranges: Ranges | undefined;
}

/** Of a connection's time; core's deadlines are for all the rest. */
const CONNECT_MS = 5_000;
/** The most that core asks at once. How many it asks is core's matter, and not to be bounded by the SDK's 50. */
const SOCKETS = 1024;

/** The SDK is loaded and the client made at the first request; one client for the store's life. */
export class Connections {
  readonly #options: S3StoreOptions;
  #made: Promise<Made> | undefined;

  constructor(options: S3StoreOptions) {
    this.#options = options;
  }

  get(): Promise<Connection> {
    this.#made ??= this.#make().catch((error: unknown) => {
      // What the machine refused once it may give the next time.
      this.#made = undefined;
      throw error;
    });
    return this.#made;
  }

  /** Ends the connections of a client that was made here. */
  async close(): Promise<void> {
    const made = await this.#made?.catch(() => undefined);
    this.#made = undefined;
    made?.ranges?.close();
    made?.own?.destroy();
  }

  readonly #goesByProxy = (protocol: string): boolean => {
    if (protocol !== 'https:') return false;
    const { HTTPS_PROXY, https_proxy } = proxyEnvironment(this.#options.proxy);
    return Boolean(HTTPS_PROXY || https_proxy);
  };

  async #make(): Promise<Made> {
    const sdk = await import('@aws-sdk/client-s3').catch((cause: unknown) => {
      throw loadError(cause, '@aws-sdk/client-s3') ?? cause;
    });
    const { client, allowHttp, clientConfig } = this.#options;
    if (client) return { sdk, client, own: undefined, ranges: undefined };
    const own = new sdk.S3Client(configured(this.#options));
    guardWire(own, allowHttp === true);
    leaveBodiesUnsigned(own);
    // A handler of the user's own has its reasons.
    const ranges = clientConfig?.requestHandler ? undefined : readByWire(own, this.#goesByProxy);
    // Whoever configures the client may have changed how it signs.
    return { sdk, client: own, own, ranges, alike: clientConfig ? undefined : ranges?.alike };
  }
}

function configured(options: S3StoreOptions): S3ClientConfig {
  const { region, endpoint, pathStyle, profile, credentials, proxy, clientConfig } = options;
  const agent = { keepAlive: true, maxSockets: SOCKETS };
  return {
    // The SDK itself knows of no proxy. Its clients for STS and SSO take this over.
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      httpAgent: agent,
      httpsAgent: { ...agent, proxyEnv: proxyEnvironment(proxy) },
    },
    // Attempts and pauses are core's: an attempt of the SDK's own would be another one within each.
    maxAttempts: 1,
    // Nothing but what is asked for here: other servers refuse the trailers and the aws-chunked bodies that the SDK makes otherwise.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // A round trip before each part, and a second where a server does not know it.
    expectContinueHeader: false,
    // Another region has another host, which is named in the configuration, not by an answer.
    followRegionRedirects: false,
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(pathStyle !== undefined && { forcePathStyle: pathStyle }),
    ...(profile !== undefined && { profile }),
    ...(credentials !== undefined && { credentials }),
    ...clientConfig,
  };
}

function proxyEnvironment(proxy: string | false | undefined): NodeJS.ProcessEnv {
  if (proxy === false) return {};
  return proxy === undefined ? process.env : { HTTPS_PROXY: proxy, https_proxy: proxy };
}

import type { KMSClient, KMSClientConfig } from '@aws-sdk/client-kms';
import { loadError } from '@weightseal/core';
import { guardWire } from './guarded-wire.js';
import type { KeyName } from './key-name.js';
import { boundedRetries } from './retry.js';

export type Sdk = typeof import('@aws-sdk/client-kms');

/** All that is asked of a client. A KMSClient is one. */
export type AwsKmsClient = Pick<KMSClient, 'send'>;

export interface ConnectionOptions {
  /** A client of your own; its region, credentials, retries and sockets are yours. */
  readonly client?: AwsKmsClient | undefined;
  /** For the client that is made otherwise. The region of an ARN goes before one in here. */
  readonly clientConfig?: KMSClientConfig | undefined;
}

export interface Connection {
  readonly sdk: Sdk;
  readonly client: AwsKmsClient;
}

/** Of a connection's time: long enough for a slow network, short enough for another attempt within the deadline. */
const CONNECT_MS = 3_000;

/**
 * Loads the SDK and makes the client at the first call; one client for the wrapper's life. Its sockets are kept open
 * between calls, at most 50 of them (the SDK's own bound), and an idle one does not keep the process alive.
 */
export function lazyConnection(
  name: KeyName,
  { client, clientConfig }: ConnectionOptions,
): () => Promise<Connection> {
  let made: Promise<Connection> | undefined;
  const connect = async (): Promise<Connection> => {
    const sdk = await import('@aws-sdk/client-kms').catch((cause: unknown) => {
      throw loadError(cause, '@aws-sdk/client-kms') ?? cause;
    });
    return { sdk, client: client ?? newClient(sdk, configured(name.region, clientConfig)) };
  };
  return () => {
    made ??= connect().catch((error: unknown) => {
      // What the machine refused once it may give the next time.
      made = undefined;
      throw error;
    });
    return made;
  };
}

function newClient(sdk: Sdk, config: KMSClientConfig): KMSClient {
  const client = new sdk.KMSClient(config);
  guardWire(client);
  return client;
}

function configured(region: string | undefined, config: KMSClientConfig = {}): KMSClientConfig {
  const ownRetries = 'retryStrategy' in config || 'maxAttempts' in config || 'retryMode' in config;
  // The SDK itself knows of no proxy. Its clients for STS and SSO take this over. Node has it from 22.21 and 24.5 on.
  const httpsAgent = { proxyEnv: process.env };
  return {
    requestHandler: { connectionTimeout: CONNECT_MS, httpsAgent },
    ...(ownRetries ? {} : { retryStrategy: boundedRetries }),
    ...config,
    ...(region === undefined ? {} : { region }),
  };
}

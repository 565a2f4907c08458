import type { KeyManagementServiceClient } from '@google-cloud/kms';
import { loadError, WeightsealError } from '@weightseal/core';
import { guardRest } from './guarded-rest.js';

/** All that is asked of a client. A KeyManagementServiceClient is one. */
export type GcpKmsClient = Pick<KeyManagementServiceClient, 'initialize' | 'innerApiCalls'>;

type ClientOptions = NonNullable<ConstructorParameters<typeof KeyManagementServiceClient>[0]>;

export type GcpTransport = 'grpc' | 'rest';

export interface ConnectionOptions {
  /** A client of your own: its credentials, endpoint and transport are yours, and so is closing it. */
  readonly client?: GcpKmsClient | undefined;
  /** For the client that is made otherwise, which uses the application default credentials. */
  readonly clientOptions?: ClientOptions | undefined;
  /**
   * `rest` is JSON over HTTP/1.1, for networks that HTTP/2 does not pass. Unless told, gRPC, but behind a proxy that only HTTPS_PROXY names: gRPC
   * reads none of the environment but `grpc_proxy` and `https_proxy`.
   */
  readonly transport?: GcpTransport | undefined;
}

/** Of an answer: a ciphertext and a description are some kilobytes. The SDK sets no bound. */
const MAX_ANSWER_BYTES = 1024 * 1024;

const channel = {
  'grpc.max_receive_message_length': MAX_ANSWER_BYTES,
  // How long gRPC waits before it connects again: less than the attempts of one call take together. Until then every call
  // fails at once, and the SDK's own bound is two minutes.
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 250,
};

/**
 * Loads the SDK and makes the client at the first call; one client for the wrapper's life. An idle connection does not
 * keep the process alive.
 *
 * @throws INVALID_ARGUMENT
 */
export function lazyClient(options: ConnectionOptions): () => Promise<GcpKmsClient> {
  const { client, clientOptions, transport = usual() } = options;
  if (transport !== 'grpc' && transport !== 'rest') throw invalid("transport must be 'grpc' or 'rest'");
  if (client !== undefined) {
    if (clientOptions !== undefined || options.transport !== undefined) {
      throw invalid('a client of your own has its options and its transport; give either it or them');
    }
    return () => initialized(client);
  }
  let made: Promise<GcpKmsClient> | undefined;
  return () => {
    made ??= make(transport, clientOptions).catch((error: unknown) => {
      // The SDK's client remembers for ever that it found no credentials.
      made = undefined;
      throw error;
    });
    return made;
  };
}

function usual(): GcpTransport {
  const { HTTPS_PROXY, https_proxy, grpc_proxy } = process.env;
  return HTTPS_PROXY && !https_proxy && !grpc_proxy ? 'rest' : 'grpc';
}

async function make(
  transport: GcpTransport,
  clientOptions: ClientOptions | undefined,
): Promise<GcpKmsClient> {
  const { KeyManagementServiceClient: Client } = await import('@google-cloud/kms').catch((cause: unknown) => {
    throw loadError(cause, '@google-cloud/kms') ?? cause;
  });
  const options = { fallback: transport === 'rest', ...channel, ...clientOptions };
  const client = new Client(options);
  if (options.fallback) guardRest(client, MAX_ANSWER_BYTES);
  return initialized(client);
}

/** Each method of the SDK does this by itself, and throws what goes wrong a second time as an unhandled rejection. */
async function initialized(client: GcpKmsClient): Promise<GcpKmsClient> {
  await client.initialize();
  return client;
}

function invalid(problem: string): WeightsealError {
  return new WeightsealError(
    'INVALID_ARGUMENT',
    `The options of the Cloud KMS key cannot be used: ${problem}.`,
  );
}

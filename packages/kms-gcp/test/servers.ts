import { createServer } from 'node:net';
import type { Signer } from '@weightseal/core';
import { createGcpSigner, type GcpKey, type GcpKeyOptions } from '@weightseal/kms-gcp';
import { GrpcServer } from './fake-grpc.js';
import type { FakeKms } from './fake-kms.js';
import { RestServer } from './fake-rest.js';
import { grpcAt, grpcKeyAt, restAt, restKeyAt, TOKEN } from './keys.js';

type Options = Omit<GcpKeyOptions, 'client' | 'clientOptions' | 'transport'>;

/** A fake on one of the two wires. */
export interface Wire extends AsyncDisposable {
  readonly server: GrpcServer | RestServer;
  key(options: Options): GcpKey;
  signer(options: Options): Signer;
}

export const transports = ['grpc', 'rest'] as const;
export type Transport = (typeof transports)[number];

export async function start(transport: Transport, kms: FakeKms): Promise<Wire> {
  if (transport === 'grpc') {
    const server = await GrpcServer.start(kms);
    return {
      server,
      key: (options) => grpcKeyAt(server.address, options),
      signer: (options) => createGcpSigner({ ...options, ...grpcAt(server.address) }),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  }
  const server = await RestServer.start(kms, TOKEN);
  return {
    server,
    key: (options) => restKeyAt(server.url, options),
    signer: (options) => createGcpSigner({ ...options, ...restAt(server.url) }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A key behind a port where nobody listens. */
export async function unreachable(transport: Transport, options: Options): Promise<GcpKey> {
  const address = await nowhere();
  return transport === 'grpc' ? grpcKeyAt(address, options) : restKeyAt(`http://${address}`, options);
}

/** A signer likewise. */
export async function unreachableSigner(transport: Transport, options: Options): Promise<Signer> {
  const address = await nowhere();
  const at = transport === 'grpc' ? grpcAt(address) : restAt(`http://${address}`);
  return createGcpSigner({ ...options, ...at });
}

async function nowhere(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

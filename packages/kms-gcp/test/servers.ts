import { createServer } from 'node:net';
import type { GcpKey, GcpKeyOptions } from '@weightseal/kms-gcp';
import { GrpcServer } from './fake-grpc.js';
import type { FakeKms } from './fake-kms.js';
import { RestServer } from './fake-rest.js';
import { grpcKeyAt, restKeyAt, TOKEN } from './keys.js';

type Options = Omit<GcpKeyOptions, 'client' | 'clientOptions' | 'transport'>;

/** A fake on one of the two wires. */
export interface Wire extends AsyncDisposable {
  readonly server: GrpcServer | RestServer;
  key(options: Options): GcpKey;
}

export const transports = ['grpc', 'rest'] as const;
export type Transport = (typeof transports)[number];

export async function start(transport: Transport, kms: FakeKms): Promise<Wire> {
  if (transport === 'grpc') {
    const server = await GrpcServer.start(kms);
    return {
      server,
      key: (options) => grpcKeyAt(server.address, options),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  }
  const server = await RestServer.start(kms, TOKEN);
  return {
    server,
    key: (options) => restKeyAt(server.url, options),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A key behind a port where nobody listens. */
export async function unreachable(transport: Transport, options: Options): Promise<GcpKey> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const address = `127.0.0.1:${port}`;
  return transport === 'grpc' ? grpcKeyAt(address, options) : restKeyAt(`http://${address}`, options);
}

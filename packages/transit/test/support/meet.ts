import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type ConnectionOptions, connect, createServer, type TlsOptions } from 'node:tls';
import type { WeightsealError } from '@weightseal/core';
import { refusalOf } from '@weightseal/transit';

export interface Met {
  /** Whether the client had an answer. */
  readonly answered: boolean;
  /** What each side says of a refusal. */
  readonly server: WeightsealError['code'] | undefined;
  readonly client: WeightsealError['code'] | undefined;
}

/** A server and a client, once, over 127.0.0.1. */
export async function meet(ofServer: TlsOptions, ofClient: ConnectionOptions): Promise<Met> {
  let server: Met['server'];
  let client: Met['client'];
  let answer = '';
  const listening = createServer(ofServer, (socket) => {
    socket.on('error', () => {});
    socket.end('hello');
  });
  listening.on('tlsClientError', (error, socket) => {
    server = refusalOf(error, socket)?.code;
  });
  await once(listening.listen(0, '127.0.0.1'), 'listening');
  const { port } = listening.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, ...ofClient });
  socket.on('error', (error) => {
    client = refusalOf(error)?.code;
  });
  socket.on('data', (data: Buffer) => {
    answer += data.toString();
  });
  await new Promise((resolve) => socket.once('close', resolve));
  // Resolves once the server's side of the connection is closed, and so has said all.
  await new Promise((resolve) => listening.close(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  return { answered: answer === 'hello', server, client };
}

export const met: Met = { answered: true, server: undefined, client: undefined };

import type { Server } from 'node:net';
import { ioError, isLoopback, WeightsealError } from '@weightseal/core';

export interface ListenOptions {
  /** 0 for any that is free. */
  readonly port?: number | undefined;
  /** 127.0.0.1 unless told. */
  readonly host?: string | undefined;
  /** Instead of both: a socket that listens already, as systemd passes it; see `passedSockets`. */
  readonly fd?: number | undefined;
  /** Whether several processes listen at the same place and the kernel deals out connections (SO_REUSEPORT); from Node 23.1 on, on Linux. */
  readonly reusePort?: boolean | undefined;
}

/** Where somebody listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A fleet that starts at once comes faster than handshakes are done; whom the kernel drops waits for a second and more. It bounds this by net.core.somaxconn. */
const BACKLOG = 4096;

/** @throws IO_ERROR and the like, INVALID_ARGUMENT for a development server on an address that others reach */
export async function listenOn(
  server: Server,
  { port = 0, host = '127.0.0.1', fd, reusePort }: ListenOptions,
  loopbackOnly: boolean,
): Promise<Address> {
  if (loopbackOnly && fd === undefined) checkLoopback(host);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const at = fd === undefined ? { port, host, ...(reusePort && { reusePort }) } : { fd };
    server.listen({ ...at, backlog: BACKLOG }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  }).catch((error: unknown) => {
    if (fd !== undefined)
      throw new WeightsealError(
        'IO_ERROR',
        `Could not listen at what was passed as descriptor ${fd}: it is no stream socket. Pass one, by ListenStream= in a socket unit of systemd, or say a host and a port.`,
        { cause: error },
      );
    throw ioError(error, `listen at ${host}:${port}`);
  });
  const address = addressOf(server);
  if (loopbackOnly) {
    try {
      checkLoopback(address.host);
    } catch (error) {
      server.close();
      throw error;
    }
  }
  return address;
}

export function addressOf(server: Server): Address {
  const address = server.address();
  // A socket of the file system has a path, and only who was told it listens there.
  if (address === null || typeof address === 'string') return { host: address ?? '', port: 0 };
  return { host: address.address, port: address.port };
}

function checkLoopback(host: string): void {
  if (host === '' || host === '::1' || isLoopback(host)) return;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `Certificates for development are taken on this machine only, and ${host} may be reached by others. Listen at 127.0.0.1, or do without \`development\`.`,
  );
}

const FIRST_FD = 3;

/**
 * The sockets that systemd has passed to this process (sd_listen_fds(3)): numbers of descriptors. None where the variables are of another process, as of a shell between.
 *
 * @throws INVALID_ARGUMENT for variables that say nothing
 */
export function passedSockets(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number = process.pid,
): number[] {
  const { LISTEN_PID, LISTEN_FDS } = environment;
  if (LISTEN_FDS === undefined || LISTEN_PID !== String(pid)) return [];
  if (!/^[0-9]{1,4}$/.test(LISTEN_FDS))
    throw new WeightsealError('INVALID_ARGUMENT', 'LISTEN_FDS must be how many sockets were passed.');
  return Array.from({ length: Number(LISTEN_FDS) }, (_, at) => FIRST_FD + at);
}

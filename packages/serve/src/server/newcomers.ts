import { isIPv6, type Socket } from 'node:net';

/** Connections whose handshake is not done. TLS ends each after its own time. */
export class Newcomers {
  readonly #most: number;
  readonly #of = new Map<string, Map<number, Socket>>();
  #count = 0;

  /** @param most of all: with one more, the oldest of the address that has the most has to go, so that who opens connections and says nothing is in its own way first */
  constructor(most: number) {
    this.#most = most;
  }

  /** @returns whether another one had to go */
  came(socket: Socket): boolean {
    const { remoteAddress, remotePort } = socket;
    // It has left already.
    if (remoteAddress === undefined || remotePort === undefined) return false;
    const network = networkOf(remoteAddress);
    const those = this.#of.get(network) ?? new Map<number, Socket>();
    this.#of.set(network, those.set(remotePort, socket));
    this.#count++;
    socket.once('close', () => this.#leave(network, remotePort, socket));
    if (this.#count <= this.#most) return false;
    const [largest] = [...this.#of.values()].sort((one, other) => other.size - one.size);
    const [oldest] = largest!.values();
    oldest!.destroy();
    this.#leave(networkOf(oldest!.remoteAddress ?? ''), oldest!.remotePort, oldest);
    return true;
  }

  /** Its handshake is done. */
  met({ remoteAddress = '', remotePort }: Socket): void {
    this.#leave(networkOf(remoteAddress), remotePort);
  }

  destroyAll(): void {
    for (const those of this.#of.values()) for (const socket of those.values()) socket.destroy();
  }

  /** @param socket where it may be another by now that has this port */
  #leave(network: string, port: number | undefined, socket?: Socket): void {
    const those = this.#of.get(network);
    const found = port === undefined ? undefined : those?.get(port);
    if (!those || !found || (socket && found !== socket)) return;
    those.delete(port!);
    this.#count--;
    if (those.size === 0) this.#of.delete(network);
  }
}

/** Of IPv6 whoever has one address has the 2^64 beside it. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address);
  if (mapped) return mapped[1]!;
  if (!isIPv6(address)) return address;
  const [before = '', after] = address.replace(/%.*$/, '').split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros = after === undefined ? 0 : 8 - head.length - tail.length;
  return [...head, ...Array.from({ length: zeros }, () => '0'), ...tail].slice(0, 4).join(':');
}

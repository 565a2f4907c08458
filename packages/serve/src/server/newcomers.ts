import type { Socket } from 'node:net';

/** Connections whose handshake is not done. TLS ends each after its own time. */
export class Newcomers {
  readonly #most: number;
  readonly #of = new Map<string, Set<string>>();

  /** @param most of one address: who opens connections and says nothing leaves room for others */
  constructor(most: number) {
    this.#most = most;
  }

  /** @returns whether it may stay */
  came(socket: Socket): boolean {
    const { remoteAddress = '', remotePort } = socket;
    const those = this.#of.get(remoteAddress) ?? new Set();
    if (those.size >= this.#most) return false;
    this.#of.set(remoteAddress, those.add(String(remotePort)));
    socket.once('close', () => this.#leave(remoteAddress, remotePort));
    return true;
  }

  /** Its handshake is done. */
  met({ remoteAddress = '', remotePort }: Socket): void {
    this.#leave(remoteAddress, remotePort);
  }

  #leave(address: string, port: number | undefined): void {
    const those = this.#of.get(address);
    those?.delete(String(port));
    if (those?.size === 0) this.#of.delete(address);
  }
}

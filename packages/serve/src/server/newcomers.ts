import type { Socket } from 'node:net';

/** Of one address, so many may be in their handshakes at once: who opens connections and says nothing leaves room for others. */
const MOST = 256;

/** Connections whose handshake is not done. TLS ends each after its own time. */
export class Newcomers {
  readonly #of = new Map<string, Set<string>>();

  /** @returns whether it may stay */
  came(socket: Socket): boolean {
    const { remoteAddress = '', remotePort } = socket;
    const those = this.#of.get(remoteAddress) ?? new Set();
    if (those.size >= MOST) return false;
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

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

const HOST = '127.0.0.1';

/**
 * A TCP port on loopback that can be closed, so that connections are refused, and opened again under the same number.
 * It keeps the raw sockets: only they can send a reset, also under TLS and HTTP/2.
 */
export class Port implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Map<number, Socket>();
  #number = 0;
  #changes: Promise<void> = Promise.resolve();

  private constructor(onSocket: (socket: Socket) => void) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const from = socket.remotePort;
      if (from === undefined) return;
      this.#sockets.set(from, socket);
      socket.once('close', () => this.#sockets.delete(from));
      // A client that goes away is none of the proxy's errors.
      socket.on('error', () => {});
      onSocket(socket);
    });
  }

  static async open(onSocket: (socket: Socket) => void): Promise<Port> {
    const port = new Port(onSocket);
    await port.#listen();
    port.#number = (port.#server.address() as AddressInfo).port;
    return port;
  }

  get number(): number {
    return this.#number;
  }

  /** Resolves when the last `setOpen` has taken effect. */
  get ready(): Promise<void> {
    return this.#changes;
  }

  setOpen(open: boolean): void {
    this.#changes = this.#changes.then(() => this.#change(open));
    // Whoever awaits `ready` gets the error; nobody has to.
    this.#changes.catch(() => {});
  }

  /** Ends the connection from that port of the client: with RST, or with FIN as if all had been said. */
  cut(clientPort: number | undefined, by: 'reset' | 'close'): void {
    const socket = this.#sockets.get(clientPort ?? 0);
    if (by === 'reset') socket?.resetAndDestroy();
    else socket?.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.setOpen(false);
    await this.#changes;
  }

  async #change(open: boolean): Promise<void> {
    if (open === this.#server.listening) return;
    if (open) return this.#listen();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets.values()) socket.destroy();
    await closed;
  }

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#number, HOST, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }
}

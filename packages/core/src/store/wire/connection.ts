import type { Socket } from 'node:net';
import { endedEarly, WireError } from './head.js';
import { ReadMemory } from './read-memory.js';

const MOST_HEAD_BYTES = 65_536;
const END_OF_HEAD = '\r\n\r\n';

/** How a socket gives what it has read: into one memory that is used again, so that nothing is allocated for each read. */
export interface OnRead {
  /** Asked anew after each callback. */
  buffer(): Uint8Array;
  callback(length: number): boolean;
}

interface Waiting {
  resolve(piece: Buffer | undefined): void;
  reject(error: unknown): void;
}

/** A connection from which is read when somebody asks, and then what there is. */
export class Connection {
  readonly #socket: Socket;
  #waiting: Waiting | undefined;
  readonly #memory: ReadMemory;
  #over = false;
  #error: unknown;
  /** When it became idle. */
  idleSince = 0;

  /** @param secure whether it is TLS, which gives what it has deciphered also after it was told to stop */
  constructor(secure: boolean, open: (onread: OnRead) => Socket) {
    this.#memory = new ReadMemory(!secure);
    this.#socket = open({
      buffer: () => this.#memory.room(),
      callback: (length) => {
        this.#memory.came(length);
        const waiting = this.#waiting;
        this.#waiting = undefined;
        waiting?.resolve(this.#memory.take());
        // Nothing more until it is asked for, but what TLS has deciphered already.
        return false;
      },
    });
    const end = (error?: unknown) => {
      this.#over = true;
      this.#error ??= error;
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (this.#error !== undefined) waiting?.reject(this.#error);
      else waiting?.resolve(undefined);
    };
    this.#socket
      .on('error', end)
      .on('end', () => end())
      .on('close', () => end());
  }

  /** Whether it can take another request: it is up, and nothing came that nobody asked for. */
  get usable(): boolean {
    return !this.#over && this.#memory.isEmpty && !this.#socket.destroyed;
  }

  /** While nobody waits for it, it keeps no process alive; and it is read on, so that its end is noticed, and what nobody asked for is not taken for the next answer. */
  hold(used: boolean): void {
    if (used) this.#socket.ref();
    else this.#socket.unref().resume();
  }

  send(text: string): void {
    this.#socket.write(text, 'latin1');
  }

  /** What has come, good until the next call; undefined at the end. @throws what the socket failed with, or was destroyed with */
  next(): Promise<Buffer | undefined> {
    const piece = this.#memory.take();
    if (piece) return Promise.resolve(piece);
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#over) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.resume();
    });
  }

  /** Gives back what was beyond what is wanted. */
  unread(rest: Buffer): void {
    this.#memory.giveBack(rest);
  }

  /** The text of a head, without its empty line; undefined where the connection ends before its first byte. @throws WireError, and like `next` */
  async head(): Promise<string | undefined> {
    let text = '';
    for (let piece = await this.next(); ; piece = await this.next()) {
      if (piece === undefined) {
        if (text === '') return undefined;
        throw endedEarly();
      }
      const from = Math.max(0, text.length - END_OF_HEAD.length + 1);
      const before = text.length;
      text += piece.toString('latin1', 0, MOST_HEAD_BYTES);
      const end = text.indexOf(END_OF_HEAD, from);
      if (end >= 0) {
        this.unread(piece.subarray(end + END_OF_HEAD.length - before));
        return text.slice(0, end);
      }
      if (text.length >= MOST_HEAD_BYTES) throw new WireError('The head of the answer is too long.');
    }
  }

  /** Ends it, and whoever waits for more. */
  destroy(error?: Error): void {
    this.#error ??= error;
    this.#socket.destroy(error);
  }
}

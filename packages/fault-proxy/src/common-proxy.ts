import type { Socket } from 'node:net';
import { type Delivery, spoil } from './delivery.js';
import { type Answer, type Fault, type FaultProxy, FaultState, type SeenRequest } from './fault.js';
import { Port } from './port.js';

/** What the proxies of both protocols share: the port, the fault, and the count. */
export class CommonProxy<A extends Answer> implements FaultProxy<A> {
  readonly #state = new FaultState<A>();
  readonly #port: Port;
  readonly #start: string;
  #problem: { readonly error: unknown } | undefined;
  requests = 0;

  private constructor(port: Port, start: string) {
    this.#port = port;
    this.#start = start;
  }

  /** `start` is what stands before the host in the URL. Each connection is given to `onSocket`. */
  static async open<A extends Answer>(
    start: string,
    onSocket: (socket: Socket) => void,
  ): Promise<CommonProxy<A>> {
    return new CommonProxy<A>(await Port.open(onSocket), start);
  }

  get url(): string {
    return `${this.#start}127.0.0.1:${this.port}`;
  }

  get port(): number {
    return this.#port.number;
  }

  get fault(): Fault<A> {
    return this.#state.fault;
  }

  set fault(fault: Fault<A>) {
    this.#state.fault = fault;
    this.#port.setOpen(fault.kind !== 'refuse');
  }

  get ready(): Promise<void> {
    return this.#port.ready;
  }

  /** What the client gets for a request. `forward` asks the upstream; `gone` fires when the client has left. */
  deliver(request: SeenRequest, forward: () => Promise<A>, gone: AbortSignal): Promise<Delivery<A>> {
    this.requests++;
    return spoil(this.#state.take(request), request, forward, gone);
  }

  cut(clientPort: number | undefined, by: 'reset' | 'close'): void {
    this.#port.cut(clientPort, by);
  }

  /** Keeps the first thing that went wrong and was no fault: a test has to hear of it. */
  report(error: unknown): void {
    this.#problem ??= { error };
  }

  /** @throws what went wrong in between and was no fault: an upstream that is gone, a rewrite that threw */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#port[Symbol.asyncDispose]();
    const problem = this.#problem;
    this.#problem = undefined;
    if (problem !== undefined) throw problem.error;
  }
}

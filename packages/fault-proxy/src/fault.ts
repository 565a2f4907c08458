/** A request as the proxy saw it, before it was passed on. For gRPC the body is the message without its frame. */
export interface SeenRequest {
  readonly method: string;
  /** With the query. For gRPC the full method name, `/package.Service/Method`. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What every protocol's answer has; the rest is the protocol's own. */
export interface Answer {
  readonly body: Uint8Array;
}

interface Scope {
  /** How many requests are spoilt before the real answers come back; all of them unless told. */
  readonly times?: number | undefined;
  /** Which requests are spoilt; all of them unless told. */
  readonly when?: ((request: SeenRequest) => boolean) | undefined;
}

/** What goes wrong between a client and its server. */
export type Fault<A extends Answer> =
  | { readonly kind: 'none' }
  /** The port is closed, and so are the connections that were open. */
  | { readonly kind: 'refuse' }
  /** TCP RST after so many bytes of the real body; half of it unless told. */
  | (Scope & { readonly kind: 'reset'; readonly afterBytes?: number | undefined })
  /** The real answer, after so many milliseconds; 30 000 unless told. */
  | (Scope & { readonly kind: 'stall'; readonly forMs?: number | undefined })
  /**
   * Only so many bytes of the real body; half of it unless told. The head declares the `whole` length, and the connection
   * ends early; or it declares what is `kept`, and the answer only makes no sense.
   */
  | (Scope & {
      readonly kind: 'truncate';
      readonly keepBytes?: number | undefined;
      readonly declare?: 'whole' | 'kept' | undefined;
    })
  /** So many bytes of the real body (half of it unless told), and then nothing more, with the connection open. */
  | (Scope & { readonly kind: 'hang'; readonly afterBytes?: number | undefined })
  /** The real answer, so many bytes (16 unless told) at a time, with so many milliseconds (20 unless told) in between. */
  | (Scope & {
      readonly kind: 'trickle';
      readonly bytes?: number | undefined;
      readonly everyMs?: number | undefined;
    })
  /** The head of the real answer, and a body that is nothing. */
  | (Scope & { readonly kind: 'garbage'; readonly body?: Uint8Array | undefined })
  /** This answer; the server is not asked. */
  | (Scope & { readonly kind: 'answer'; readonly answer: A })
  | (Scope & {
      readonly kind: 'rewrite';
      readonly rewrite: (answer: A, request: SeenRequest) => A | Promise<A>;
    });

/** A proxy that stands between a client and its server. */
export interface FaultProxy<A extends Answer> extends AsyncDisposable {
  /** What a client is pointed at: a URL for HTTP, `host:port` for gRPC. */
  readonly url: string;
  readonly port: number;
  /** Requests that arrived, spoilt ones too. */
  readonly requests: number;
  /** Takes effect with the next request. */
  fault: Fault<A>;
  /** Resolves when the port is open or closed as the fault wants it. */
  readonly ready: Promise<void>;
}

/** Counts down which requests a fault still spoils. */
export class FaultState<A extends Answer> {
  #fault: Fault<A> = { kind: 'none' };
  #left = Number.POSITIVE_INFINITY;

  get fault(): Fault<A> {
    return this.#fault;
  }

  set fault(fault: Fault<A>) {
    this.#fault = fault;
    this.#left = ('times' in fault ? fault.times : undefined) ?? Number.POSITIVE_INFINITY;
  }

  take(request: SeenRequest): Fault<A> {
    const fault = this.#fault;
    if (fault.kind === 'none' || fault.kind === 'refuse') return fault;
    if (this.#left <= 0 || fault.when?.(request) === false) return { kind: 'none' };
    this.#left--;
    return fault;
  }
}

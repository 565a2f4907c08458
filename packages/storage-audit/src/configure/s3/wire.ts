import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { atMost } from '../../s3/guarded-wire.js';

/** How these requests themselves go: without TLS, by a version of it that is refused later, or by one that is not. */
export type Connection = 'plain' | 'old-tls' | 'tls';

interface Exchange {
  readonly request?: { readonly protocol?: string };
  readonly response?: { body?: unknown };
}

/** What the SDK does not tell of its requests: how they went, and what was answered, to the letter. */
export class Wire {
  connection: Connection = 'tls';
  readonly #names = new Map<string, readonly string[]>();

  /** What is no command of the SDK's, and a client that is none, show nothing. */
  watch(command: object, operation: string): void {
    (command as { readonly middlewareStack: S3Client['middlewareStack'] }).middlewareStack.add(
      (next) => async (asked) => {
        const answered = await next(asked);
        const { response } = answered as Exchange;
        this.#see((asked as Exchange).request?.protocol, response?.body);
        if (response?.body instanceof Readable) {
          const body = Buffer.concat(await Array.fromAsync(atMost(response.body)));
          this.#names.set(operation, elementsIn(body.toString()));
          response.body = Readable.from([body]);
        }
        return answered;
      },
      { name: 'weightsealSeeWire', step: 'deserialize', priority: 'low' },
    );
  }

  /** The names of elements within what was answered, each once; none where they were not seen. */
  namesIn(operation: string): readonly string[] {
    return this.#names.get(operation) ?? [];
  }

  #see(protocol: string | undefined, body: unknown): void {
    const { socket } = (body ?? {}) as { readonly socket?: { getProtocol?: () => string | null } };
    const version = socket?.getProtocol?.();
    if (protocol === 'http:') this.connection = 'plain';
    else if (version === 'TLSv1' || version === 'TLSv1.1') this.connection = 'old-tls';
  }
}

/** All but the root, which some servers call otherwise. Of XML that has neither comments nor CDATA, as S3 writes it; what stands in those would be names too many, and is refused. */
export function elementsIn(xml: string): readonly string[] {
  const names = Array.from(xml.matchAll(/<(?:[\w.-]+:)?([A-Za-z][\w.-]*)/g), ([, name]) => name!);
  return [...new Set(names.slice(1))];
}

import { readFileSync } from 'node:fs';
import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent, request as tlsRequest } from 'node:https';
import { type ConnectionOptions, createSecureContext, type SecureContext } from 'node:tls';
import { ioError, isLoopback, openWire, WeightsealError, type Wire } from '@weightseal/core';
import { MutualTls } from './mutual-tls.js';
import { type HttpStoreOptions, invalid } from './options.js';
import { pathFrom } from './secrets.js';
import type { Sent } from './send.js';

/** Servers close what was idle for 5 s (Node, Apache) or longer; a request that crosses that would fail. */
const IDLE_MS = 4_000;
const CONNECTIONS = 64;
/** What is read from a connection before anybody asks for it: fewer stops and starts than with 64 KiB. */
const AHEAD_BYTES = 1_048_576;

interface Way {
  readonly request: typeof tlsRequest;
  readonly agent: PlainAgent;
  /** Of each request anew. */
  readonly tls?: ConnectionOptions;
}

type Target = Pick<Sent, 'url' | 'isOwn'>;

/** The connections of a store: to its own host, and to those that it leads to. Node's own client: it decodes nothing, follows nothing, and hands over what it read without a copy. */
export class Connections {
  readonly #options: HttpStoreOptions;
  readonly #own: string;
  readonly #mutual: MutualTls | undefined;
  readonly #ways = new Map<string, Way>();
  readonly #wires = new Map<string, Promise<Wire>>();

  /** @throws INVALID_ARGUMENT */
  constructor(own: string, options: HttpStoreOptions) {
    if (options.proxy && !knowsProxies()) throw invalid('`proxy` needs Node 22.21, or 24.5, or newer');
    if (options.tls && own.startsWith('http:')) throw invalid('`tls` is for https, and this is http');
    this.#own = own;
    this.#options = options;
    this.#mutual = options.tls && new MutualTls(options.tls, options);
  }

  /** Before a request. @throws what reading certificates throws */
  async prepare(to: Target, signal: AbortSignal): Promise<void> {
    if (this.#kindOf(to) === 'own') await this.#mutual?.prepare(signal);
  }

  /** What a handshake that failed says of certificates. */
  refusalOf(thrown: unknown): WeightsealError | undefined {
    return this.#mutual?.refusalOf(thrown);
  }

  /** What reads most, where no proxy is on the way. @throws INVALID_ARGUMENT for a certificate that cannot be read or is none */
  async wireTo(to: Target): Promise<Wire | undefined> {
    const { ca, directory } = this.#options;
    const kind = this.#kindOf(to);
    if (kind !== 'plain' && this.#proxyOf(to.url.hostname)) return undefined;
    let wire = this.#wires.get(kind);
    if (!wire) {
      const mutual = kind === 'own' ? this.#mutual : undefined;
      const trusted = kind === 'own' && ca !== undefined ? { secureContext: contextOf(ca, directory) } : {};
      const tls = mutual ? () => mutual.options : trusted;
      wire = openWire({ tls });
      this.#wires.set(kind, wire);
    }
    return await wire;
  }

  /** @throws INVALID_ARGUMENT for a certificate that cannot be read or is none */
  to(to: Target): Way {
    const kind = this.#kindOf(to);
    const way = this.#ways.get(kind) ?? this.#open(kind, to.url);
    this.#ways.set(kind, way);
    return kind === 'own' && this.#mutual ? { ...way, tls: mutualOf(this.#mutual.options) } : way;
  }

  close(): void {
    for (const wire of this.#wires.values()) void wire.then((one) => one.close());
    this.#wires.clear();
    for (const { agent } of this.#ways.values()) agent.destroy();
    this.#ways.clear();
    this.#mutual?.close();
  }

  /** Where a redirect from elsewhere leads back, no certificate is shown: what is asked for there is what others say. */
  #kindOf({ url: { protocol, origin }, isOwn }: Target): 'plain' | 'own' | 'other' {
    if (protocol === 'http:') return 'plain';
    return origin === this.#own && (isOwn || !this.#mutual) ? 'own' : 'other';
  }

  /** What the environment, or the option, says of proxies; undefined where they are not to be used. Exceptions (NO_PROXY) are Node's matter. */
  #proxyOf(hostname: string): string | undefined {
    const { proxy } = this.#options;
    if (proxy === false || (proxy === undefined && isLoopback(hostname))) return undefined;
    return proxy ?? (process.env['HTTPS_PROXY'] || process.env['https_proxy'] || undefined);
  }

  #open(kind: 'plain' | 'own' | 'other', { hostname }: URL): Way {
    const { connections = CONNECTIONS, proxy, ca, directory } = this.#options;
    const kept = {
      keepAlive: true,
      timeout: IDLE_MS,
      maxSockets: connections,
      maxTotalSockets: 2 * connections,
      highWaterMark: AHEAD_BYTES,
      noDelay: true,
      // A session that is resumed skips the certificates.
      ...(this.#mutual && { maxCachedSessions: 0 }),
    };
    if (kind === 'plain') return { request: plainRequest, agent: new PlainAgent(kept) };
    const byProxy = proxy !== false && !(proxy === undefined && isLoopback(hostname));
    const env = proxy === undefined ? process.env : { HTTPS_PROXY: proxy || undefined };
    const options = {
      ...kept,
      // Also where NODE_TLS_REJECT_UNAUTHORIZED is 0: tokens go there.
      rejectUnauthorized: true,
      // What a request says goes behind this.
      minVersion: kind === 'own' && this.#mutual ? ('TLSv1.3' as const) : ('TLSv1.2' as const),
      ...(kind === 'own' && ca !== undefined && { secureContext: contextOf(ca, directory) }),
      ...(byProxy && { proxyEnv: env as NodeJS.ProcessEnv }),
    };
    return { request: tlsRequest, agent: new Agent(options) };
  }
}

/** A context has the texts already, and an agent would tell connections apart by them: those that are open stay good when a certificate is renewed. */
function mutualOf(options: ConnectionOptions): ConnectionOptions {
  if (!options.secureContext) return options;
  const { cert, key, ca, crl, ...rest } = options;
  return rest;
}

function contextOf(given: string | Uint8Array, directory: string | undefined): SecureContext {
  const isPath = typeof given === 'string' && !given.includes('-----BEGIN ');
  const ca = isPath ? read(pathFrom(directory, given)) : given;
  try {
    // Node takes text that is no certificate for none, and then trusts nobody.
    if (!Buffer.from(ca).includes('-----BEGIN ')) throw new Error('It is not PEM.');
    return createSecureContext({ ca: ca as string | Buffer });
  } catch (cause) {
    throw new WeightsealError('INVALID_ARGUMENT', 'A store over https: `ca` is no certificate in PEM.', {
      cause,
    });
  }
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw ioError(error, `read the certificate ${path}`);
  }
}

/** An older Node would go past the proxy. */
function knowsProxies(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major === 22 ? minor >= 21 : major === 24 ? minor >= 5 : major > 24;
}

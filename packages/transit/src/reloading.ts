import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { Agent, type AgentOptions } from 'node:https';
import { type ConnectionOptions, connect, type SecureContextOptions, type TLSSocket } from 'node:tls';
import { checkOptions, filePath, ioError, isWeightsealError, type WeightsealError } from '@weightseal/core';
import { type ClientTls, type MadeTls, makeTls, type ServerTls } from './create-tls-options.js';
import { isPath } from './material.js';
import { type ClientOptions, invalid, type ServerOptions } from './options.js';
import type { Revocation, Role } from './peer.js';

export interface ReloadOptions {
  /** Milliseconds between two looks at the files; 10 000 unless told. */
  readonly everyMs?: number | undefined;
  /** Told once of each state of the files that cannot be used; what was read before stays in use. */
  readonly onRefused?: ((error: WeightsealError) => void) | undefined;
  /** Told when new ones have come into use. */
  readonly onReloaded?: (() => void) | undefined;
}

/** What of a server takes a new context: those of `node:tls`, `node:https` and `node:http2`. */
export interface TlsServer {
  setSecureContext(options: SecureContextOptions): void;
  once(event: 'close', listener: () => void): unknown;
}

const EVERY_MS = 10_000;
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Options of TLS whose files are looked at again and again. Looking is by their numbers and times, since mounted secrets are swapped by links, which watchers of files miss. What is new is read and checked whole
 * before it takes the place of what was there; connections that are open stay as they are.
 */
export class ReloadingTls<T extends ServerTls | ClientTls = ServerTls | ClientTls>
  implements AsyncDisposable
{
  readonly #options: ServerOptions | ClientOptions;
  readonly #reload: ReloadOptions;
  readonly #servers = new Set<TlsServer>();
  readonly #timer: NodeJS.Timeout;
  #made: MadeTls;
  #state: string;
  #told: string | undefined;
  #running: Promise<boolean> | undefined;

  /** @throws what `createTlsOptions` throws */
  static create(options: ServerOptions, reload?: ReloadOptions): Promise<ReloadingTls<ServerTls>>;
  static create(options: ClientOptions, reload?: ReloadOptions): Promise<ReloadingTls<ClientTls>>;
  static async create(
    options: ServerOptions | ClientOptions,
    reload: ReloadOptions = {},
  ): Promise<ReloadingTls> {
    checkOptions(reload, { everyMs: 'any', onRefused: 'function', onReloaded: 'function' }, 'Reloading');
    const { everyMs = EVERY_MS } = reload;
    if (!Number.isInteger(everyMs) || everyMs < 1 || everyMs > LONGEST_MS)
      throw invalid('The option `everyMs` of reloading is a whole number of milliseconds, 1 at least.');
    // Before they are read: what changes meanwhile is seen at the next look.
    const state = await stateOf(options).catch(() => 'unknown');
    return new ReloadingTls(options, reload, everyMs, state, await makeTls(options));
  }

  private constructor(
    options: ServerOptions | ClientOptions,
    reload: ReloadOptions,
    everyMs: number,
    state: string,
    made: MadeTls,
  ) {
    // The signal was for the first read.
    this.#options = { ...options, signal: undefined };
    this.#reload = reload;
    this.#state = state;
    this.#made = made;
    this.#timer = setInterval(() => void this.reload().catch(() => {}), everyMs);
    this.#timer.unref();
  }

  /** The options as they are now; another object after each change. */
  get tls(): T {
    return this.#made.tls as T;
  }

  /** For `authorise`, as it is now. */
  get revocation(): Revocation | undefined {
    return this.#made.revocation;
  }

  /** Milliseconds since 1970, when the own certificate ends. */
  get notAfter(): number {
    return this.#made.notAfter;
  }

  /** From now on the server takes what is new, for connections that are yet to come. */
  serve(server: TlsServer): void {
    this.#need('server');
    this.#servers.add(server);
    server.once('close', () => this.#servers.delete(server));
    server.setSecureContext(contextOf(this.tls));
  }

  /** A connection with the options as they are now. */
  connect(options: ConnectionOptions): TLSSocket {
    this.#need('client');
    // A session that somebody has kept would skip the certificates.
    return connect({ ...options, ...(this.tls as ClientTls), session: undefined });
  }

  /** An agent for `https.request`, whose new connections are made with the options as they are then. */
  agent(options: AgentOptions = {}): Agent {
    this.#need('client');
    const agent = new Agent({ ...options, maxCachedSessions: 0 });
    agent.createConnection = (given: object) => this.connect(given);
    return agent;
  }

  #need(role: Role): void {
    if (this.#options.role !== role)
      throw invalid(`This is TLS for a ${this.#options.role}; make one with \`role: '${role}'\` for that.`);
  }

  /** Looks now. @returns whether something new has come into use; what was refused is told to `onRefused` */
  reload(): Promise<boolean> {
    // One after the other: a look that has begun may have seen what was there before.
    const before = this.#running;
    this.#running = (async () => {
      await before?.catch(() => {});
      return this.#look();
    })();
    return this.#running;
  }

  async #look(): Promise<boolean> {
    let state = 'unknown';
    try {
      state = await stateOf(this.#options);
      if (state === this.#state) {
        this.#told = undefined;
        return false;
      }
      const made = await makeTls(this.#options);
      for (const server of this.#servers) server.setSecureContext(contextOf(made.tls));
      this.#made = made;
      this.#state = state;
      this.#told = undefined;
    } catch (error) {
      const refused = isWeightsealError(error) ? error : ioError(error, 'reload the certificates for TLS');
      const told = `${state} ${refused.code} ${refused.message}`;
      const isNew = told !== this.#told;
      this.#told = told;
      if (isNew) this.#reload.onRefused?.(refused);
      return false;
    }
    this.#reload.onReloaded?.();
    return true;
  }

  /** Looks no more. Servers and connections go on as they are. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#servers.clear();
    await this.#running?.catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** What belongs to the context; the rest is the server's own, and stays. */
function contextOf(tls: ServerTls | ClientTls): SecureContextOptions {
  const { minVersion, maxVersion, ciphers, key, cert, ca, crl, secureOptions } = tls as ServerTls;
  return { minVersion, maxVersion, ciphers, key, cert, ca, secureOptions, ...(crl && { crl }) };
}

/** What tells one state of the files from another, without reading them. */
async function stateOf(options: ServerOptions | ClientOptions): Promise<string> {
  const { certificate, key, ca, crl, passphrase } = options;
  const files = [certificate, key, ca, crl].filter((one) => one !== undefined && isPath(one)) as (
    | string
    | URL
  )[];
  if (passphrase && 'file' in passphrase) files.push(passphrase.file);
  const hash = createHash('sha256');
  for (const file of files) {
    const { dev, ino, size, mtimeNs, ctimeNs, mode } = await stat(filePath(file), { bigint: true });
    hash.update(`${[dev, ino, size, mtimeNs, ctimeNs, mode].join(' ')}\n`);
  }
  return hash.digest('hex');
}

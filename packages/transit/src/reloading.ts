import { Agent, type AgentOptions } from 'node:https';
import { type ConnectionOptions, connect, type SecureContextOptions, type TLSSocket } from 'node:tls';
import { checkOptions, ioError, isWeightsealError, type WeightsealError } from '@weightseal/core';
import { type ClientTls, type MadeTls, makeTls, type ServerTls } from './create-tls-options.js';
import { isPath, readingFiles, stateOf } from './files.js';
import { type ClientOptions, checkTlsOptions, invalid, type ServerOptions } from './options.js';
import type { Revocation, Role } from './peer.js';

export interface ReloadOptions {
  /** Milliseconds between two looks at the files; 10 000 unless told. */
  readonly everyMs?: number | undefined;
  /** Told once of each state of the files that cannot be used, and once when what is in use counts no more, as a list that has ended; what was read before stays in use. */
  readonly onRefused?: ((error: WeightsealError) => void) | undefined;
  /** Told when new ones have come into use. */
  readonly onReloaded?: (() => void) | undefined;
}

/** What of a server takes a new context: those of `node:tls`, `node:https` and `node:http2`. */
export interface TlsServer {
  readonly requestCert?: unknown;
  readonly rejectUnauthorized?: unknown;
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
  /** What was told last, of the files and of what is in use. */
  readonly #told: { files?: string | undefined; inUse?: string | undefined } = {};
  #running: Promise<boolean> | undefined;
  /** What a look has begun and the system has not ended: looks, and calls that hang beyond their deadline. */
  #open = 0;
  readonly #onWork = (work: Promise<unknown>): void => {
    this.#open++;
    const end = () => {
      this.#open--;
    };
    work.then(end, end);
  };

  /** @throws what `createTlsOptions` throws */
  static create(options: ServerOptions, reload?: ReloadOptions): Promise<ReloadingTls<ServerTls>>;
  static create(options: ClientOptions, reload?: ReloadOptions): Promise<ReloadingTls<ClientTls>>;
  static async create(
    options: ServerOptions | ClientOptions,
    reload: ReloadOptions = {},
  ): Promise<ReloadingTls> {
    checkOptions(reload, { everyMs: 'any', onRefused: 'function', onReloaded: 'function' }, 'Reloading');
    checkTlsOptions(options);
    const { everyMs = EVERY_MS } = reload;
    if (!Number.isInteger(everyMs) || everyMs < 1 || everyMs > LONGEST_MS)
      throw invalid('The option `everyMs` of reloading is a whole number of milliseconds, 1 at least.');
    // Before they are read: what changes meanwhile is seen at the next look.
    const { signal, deadlineMs } = options;
    const state = await readingFiles({ signal, deadlineMs }, (stop, reading) =>
      stateOf(filesOf(options), stop, reading).catch(() => 'unknown'),
    );
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
    this.#timer = setInterval(() => void this.#tick().catch(() => {}), everyMs);
    this.#timer.unref();
  }

  /** The options as they are now; another object after each change. Ask anew for each server: with the change, a server's key is wiped in the object that was there before. */
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

  /** From now on the server takes what is new, for connections that are yet to come. @throws INVALID_ARGUMENT for a server that lets in whoever shows no certificate, or any */
  serve(server: TlsServer): void {
    this.#need('server');
    // Of all servers of Node: a context has the roots, and the server whether it asks.
    if (server.requestCert !== true || server.rejectUnauthorized !== true)
      throw invalid(
        'This server asks for no certificate of its clients, or takes any. Create it with the options that are here, as `createServer(reloading.tls)`, and change nothing of them.',
      );
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

  async #tick(): Promise<void> {
    // Each one more could hold one more thread of Node's few, where a mount hangs.
    if (this.#open === 0) await this.reload();
    else this.#checkInUse();
  }

  async #look(): Promise<boolean> {
    const isNew = await this.#takeNew();
    if (isNew) this.#reload.onReloaded?.();
    this.#checkInUse();
    return isNew;
  }

  async #takeNew(): Promise<boolean> {
    // That it hangs was told; one more call would hang, too.
    if (this.#open > 0) return false;
    let state = 'unknown';
    try {
      const { deadlineMs } = this.#options;
      state = await readingFiles({ deadlineMs, onWork: this.#onWork }, (stop, reading) =>
        stateOf(filesOf(this.#options), stop, reading),
      );
      const changed = state !== this.#state;
      if (changed) this.#use(await makeTls(this.#options, this.#onWork));
      this.#state = state;
      this.#told.files = undefined;
      return changed;
    } catch (error) {
      this.#tell('files', error, state);
      return false;
    }
  }

  /** No file changes when a list ends, or a certificate. */
  #checkInUse(): void {
    try {
      this.#made.check(Date.now());
      this.#told.inUse = undefined;
    } catch (error) {
      this.#tell('inUse', error);
    }
  }

  #tell(of: 'files' | 'inUse', error: unknown, state = ''): void {
    const refused = isWeightsealError(error) ? error : ioError(error, 'reload the certificates for TLS');
    const told = `${state} ${refused.code} ${refused.message}`;
    if (told === this.#told[of]) return;
    this.#told[of] = told;
    this.#reload.onRefused?.(refused);
  }

  #use(made: MadeTls): void {
    try {
      for (const server of this.#servers) server.setSecureContext(contextOf(made.tls));
    } catch (error) {
      made.forget();
      throw error;
    }
    // Every server has the new one, and OpenSSL a copy for connections that are open.
    this.#made.forget();
    this.#made = made;
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

/** Those of the options that are files. */
function filesOf({ certificate, key, ca, crl, passphrase }: ServerOptions | ClientOptions): (string | URL)[] {
  const isFile = typeof passphrase === 'object' && passphrase !== null && 'file' in passphrase;
  const secret = isFile ? passphrase.file : undefined;
  return [certificate, key, ca, crl, secret].filter(isPath);
}

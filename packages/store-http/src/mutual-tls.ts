import type { ConnectionOptions } from 'node:tls';
import { isWeightsealError, loadError, WeightsealError } from '@weightseal/core';
import type { HttpStoreOptions, HttpTls, HttpTlsFiles, TlsPem } from './options.js';
import { pathFrom } from './secrets.js';

/** What of it `tls.connect` of Node takes; certificates come as a context. */
type Options = Pick<ConnectionOptions, 'secureContext' | 'checkServerIdentity'> & ConnectionOptions;

/** What is known of the package that reads certificates, once it is loaded. */
interface Loaded {
  readonly tls: ConnectionOptions;
  close(): Promise<void>;
}

type Transit = typeof import('@weightseal/transit');

/** The certificate that a client shows to the store's own host, and whom it trusts there. Loaded with the first request; what is renewed is used for connections from then on. */
export class MutualTls {
  readonly #given: HttpTls;
  readonly #directory: string | undefined;
  #loading: Promise<Loaded> | undefined;
  #refusalOf: Transit['refusalOf'] | undefined;
  #now: ConnectionOptions | undefined;
  #closed = false;

  constructor(given: HttpTls, { directory }: HttpStoreOptions) {
    this.#given = given;
    this.#directory = directory;
  }

  /** Before each request. @throws PROVIDER_MISSING, STORE_DENIED, and what `createTlsOptions` of `@weightseal/transit` throws */
  async prepare(signal: AbortSignal): Promise<void> {
    if (typeof this.#given === 'function') {
      this.#now = only13(await asked(this.#given, signal));
      return;
    }
    this.#loading ??= this.#load(this.#given);
    try {
      this.#now = only13((await this.#loading).tls);
    } catch (error) {
      // What lies there the next time may be whole.
      this.#loading = undefined;
      throw error;
    }
  }

  /** For a new connection, once it is prepared. */
  get options(): Options {
    return this.#now!;
  }

  /** What a handshake that failed says, with a code of class `trust`; undefined for what is none. */
  refusalOf(thrown: unknown): WeightsealError | undefined {
    return thrown instanceof Error ? this.#refusalOf?.(thrown) : undefined;
  }

  close(): void {
    this.#closed = true;
    void this.#loading?.then(
      (one) => one.close(),
      () => {},
    );
  }

  async #load(files: HttpTlsFiles): Promise<Loaded> {
    const { ReloadingTls, refusalOf } = await transit();
    this.#refusalOf = refusalOf;
    const at = <T extends TlsPem | undefined>(given: T) =>
      typeof given === 'string' ? pathFrom(this.#directory, given) : given;
    const { certificate, key, ca, crl, passphrase, ...rest } = files;
    const secret =
      passphrase && 'file' in passphrase && typeof passphrase.file === 'string'
        ? { file: pathFrom(this.#directory, passphrase.file) }
        : passphrase;
    const loaded = await ReloadingTls.create({
      role: 'client',
      ...rest,
      certificate: at(certificate),
      key: at(key),
      ca: at(ca),
      ...(crl !== undefined && { crl: at(crl) }),
      ...(secret !== undefined && { passphrase: secret }),
    });
    if (this.#closed) await loaded.close();
    return loaded;
  }
}

/** A context of its own has its versions already: connections are looked at besides. */
function only13(given: ConnectionOptions): ConnectionOptions {
  return { ...given, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', rejectUnauthorized: true };
}

async function asked(
  get: Extract<HttpTls, (...args: never[]) => unknown>,
  signal: AbortSignal,
): Promise<ConnectionOptions> {
  try {
    return { ...(await get(signal)) };
  } catch (error) {
    if (isWeightsealError(error)) throw error;
    // What it threw may hold the key.
    throw new WeightsealError('STORE_DENIED', 'The function `tls` of the store failed.');
  }
}

async function transit(): Promise<Transit> {
  try {
    return await import('@weightseal/transit');
  } catch (cause) {
    throw (
      loadError(cause, '@weightseal/transit') ??
      new WeightsealError(
        'PROVIDER_MISSING',
        'A certificate for a store over https needs @weightseal/transit, and that does not load: npm install @weightseal/transit',
        { cause },
      )
    );
  }
}

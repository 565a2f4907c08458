import { isAbsolute } from 'node:path';
import { isWeightsealError, readPrivateFile, WeightsealError, wipe } from '@weightseal/core';
import { checkName, checkValue, type HttpSecret, type HttpStoreOptions } from './options.js';

/** A file is read again after so long: agents renew what lies there. */
const READ_AGAIN_MS = 30_000;

export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  /** With its `?`; empty for none. */
  readonly query: string;
}

/** What goes to the store's own host with each request. */
export class Secrets {
  readonly #options: HttpStoreOptions;
  readonly #files = new Map<string, { readonly text: string; readonly until: number }>();

  constructor(options: HttpStoreOptions) {
    this.#options = options;
  }

  /** @throws STORE_DENIED where one is not there */
  async get(signal: AbortSignal): Promise<Credentials> {
    const { headers = {}, query } = this.#options;
    const given =
      typeof headers === 'function' ? await asked(headers, signal) : await this.#all(headers, signal);
    const text = query === undefined ? '' : (await this.#one(query, 'The query', signal)).replace(/^\?/, '');
    // Not repeated: it is a signature.
    if (!/^[\x21\x22\x24-\x7e]*$/.test(text))
      throw denied('The query for the store holds characters that no query has; is it escaped?');
    return { headers: given, query: text === '' ? '' : `?${text}` };
  }

  async #all(headers: Readonly<Record<string, HttpSecret>>, signal: AbortSignal) {
    const found: Record<string, string> = {};
    for (const [name, secret] of Object.entries(headers)) {
      const value = await this.#one(secret, `The header ${name}`, signal);
      checkValue(name, value);
      found[name] = value;
    }
    return found;
  }

  async #one(secret: HttpSecret, what: string, signal: AbortSignal): Promise<string> {
    if (typeof secret === 'string') return secret;
    if ('file' in secret) return this.#file(secret.file, what, signal);
    const value = process.env[secret.env];
    if (value) return value;
    throw denied(`${what} for the store comes from the variable ${secret.env}, which is not set or empty.`);
  }

  async #file(name: string, what: string, signal: AbortSignal): Promise<string> {
    const path = pathFrom(this.#options.directory, name);
    const kept = this.#files.get(path);
    if (kept && performance.now() < kept.until) return kept.text;
    let bytes: Buffer | undefined;
    try {
      ({ bytes } = await readPrivateFile(path, `${what} for the store`, signal));
      const text = bytes.toString('utf8').replace(/\r?\n$/, '');
      if (text === '') throw denied(`${what} for the store comes from ${path}, which is empty.`);
      this.#files.set(path, { text, until: performance.now() + READ_AGAIN_MS });
      return text;
    } catch (error) {
      // Of the class of keys, since they are read so too.
      if (isWeightsealError(error) && error.code.startsWith('KEY_'))
        throw new WeightsealError('STORE_DENIED', error.message, { cause: error });
      throw error;
    } finally {
      wipe(bytes);
    }
  }
}

export function pathFrom(directory: string | undefined, name: string): string {
  // Not joined: where `..` leads behind a linked directory, only the kernel knows.
  return directory === undefined || isAbsolute(name) ? name : `${directory}/${name}`;
}

async function asked(
  get: Extract<NonNullable<HttpStoreOptions['headers']>, (...args: never[]) => unknown>,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  let found: Readonly<Record<string, string>>;
  try {
    found = { ...(await get(signal)) };
  } catch (error) {
    if (isWeightsealError(error)) throw error;
    // What it threw may hold the token that it asked with.
    throw denied('The function `headers` of the store failed.');
  }
  for (const [name, value] of Object.entries(found)) {
    checkName(name);
    checkValue(name, value);
  }
  return found;
}

function denied(message: string): WeightsealError {
  return new WeightsealError('STORE_DENIED', message);
}

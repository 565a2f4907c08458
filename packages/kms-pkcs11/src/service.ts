import { randomBytes } from 'node:crypto';
import { decrypt, encrypt } from './cryptoki/gcm.js';
import { generateKey } from './cryptoki/generate.js';
import { findKeys, findVersion } from './cryptoki/keys.js';
import type { Handle } from './cryptoki/layout.js';
import { Library } from './cryptoki/library.js';
import { findPrivateKeys, readPublicKey } from './cryptoki/pairs.js';
import { Sessions } from './cryptoki/sessions.js';
import { signWith } from './cryptoki/sign.js';
import { findToken } from './cryptoki/slots.js';
import { type Answer, HelperFailure, type KeyQuery, type Request, type TokenQuery } from './messages.js';
import { nextId } from './versions.js';

const RANDOM_ID_BYTES = 4;

export interface Served {
  readonly answer: Answer;
  readonly bytes?: Uint8Array;
}

/** What the helper process does with its one module. It keeps nothing but sessions, and never mends them: a helper that fails is replaced. */
export class Service {
  readonly #path: string;
  #library: Promise<Library> | undefined;
  readonly #tokens = new Map<string, Promise<Sessions>>();

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws HelperFailure */
  async serve(request: Request, bytes: Uint8Array): Promise<Served> {
    const library = await this.#loaded();
    const sessions = await this.#sessionsOf(library, request.token);
    switch (request.op) {
      case 'login':
        await sessions.login(bytes);
        return { answer: {} };
      case 'wrap':
        return sessions.useToWrap((session) => wrap(library, session, request.key, bytes));
      case 'unwrap':
        return sessions.useToWrap((session) => unwrap(library, session, request.key, bytes));
      case 'describe':
        return sessions.useToWrap((session) => describe(library, session, sessions, request.key));
      case 'rotate':
        return sessions.useToWrap((session) => rotate(library, session, sessions, request.key));
      case 'public-key':
        return sessions.use((session) => publicKey(library, session, request.key));
      case 'sign':
        return sessions.use((session) => sign(library, session, request.key, bytes));
    }
  }

  #loaded(): Promise<Library> {
    if (this.#library) return this.#library;
    const loading = Library.load(this.#path);
    this.#library = loading;
    loading.catch(() => {
      this.#library = undefined;
    });
    return loading;
  }

  /** Closes what is open, so that the token need not find out for itself. */
  async end(): Promise<void> {
    const library = await this.#library;
    await library?.call('C_Finalize', [null]);
  }

  #sessionsOf(library: Library, query: TokenQuery): Promise<Sessions> {
    const name = JSON.stringify(query);
    const known = this.#tokens.get(name);
    if (known) return known;
    const found = this.#shared(library, query);
    this.#tokens.set(name, found);
    found.catch(() => this.#tokens.delete(name));
    return found;
  }

  /** Two descriptions of one token share its sessions. */
  async #shared(library: Library, query: TokenQuery): Promise<Sessions> {
    const token = await findToken(library, query);
    const name = `slot ${token.slot}`;
    const known = this.#tokens.get(name) ?? Promise.resolve(new Sessions(library, token));
    this.#tokens.set(name, known);
    return known;
  }
}

async function wrap(library: Library, session: Handle, query: KeyQuery, bytes: Uint8Array): Promise<Served> {
  const key = (await findKeys(library, session, query)).at(-1)!;
  if (key.encrypt === false) throw new HelperFailure({ kind: 'disabled' });
  const sealed = await encrypt(library, session, key.object, bytes);
  return { answer: { version: key.id.toString('hex') }, bytes: sealed };
}

async function unwrap(
  library: Library,
  session: Handle,
  query: KeyQuery,
  bytes: Uint8Array,
): Promise<Served> {
  const key = await findVersion(library, session, query);
  if (key.decrypt === false) throw new HelperFailure({ kind: 'disabled' });
  return { answer: {}, bytes: await decrypt(library, session, key.object, bytes) };
}

async function describe(
  library: Library,
  session: Handle,
  { token }: Sessions,
  query: KeyQuery,
): Promise<Served> {
  const key = (await findKeys(library, session, query)).at(-1)!;
  const description = {
    ...token.identity,
    hardware: token.hardware,
    enabled: key.encrypt !== false && key.decrypt !== false,
    extractable: key.extractable === true,
  };
  return { answer: { version: key.id.toString('hex'), description } };
}

async function publicKey(library: Library, session: Handle, query: KeyQuery): Promise<Served> {
  const key = (await findPrivateKeys(library, session, query)).at(-1)!;
  const bytes = await readPublicKey(library, session, key);
  return { answer: { version: key.id.toString('hex') }, bytes };
}

async function sign(library: Library, session: Handle, query: KeyQuery, bytes: Uint8Array): Promise<Served> {
  const key = (await findPrivateKeys(library, session, query)).at(-1)!;
  if (key.sign === false) throw new HelperFailure({ kind: 'may-not-sign' });
  return { answer: {}, bytes: await signWith(library, session, key, bytes) };
}

/** A key must be there: a label that was misspelt must not make one. */
async function rotate(
  library: Library,
  session: Handle,
  sessions: Sessions,
  query: KeyQuery,
): Promise<Served> {
  const last = (await findKeys(library, session, query)).at(-1)!;
  const id = nextId(last.id, randomBytes(RANDOM_ID_BYTES));
  if (!id || query.object === undefined) throw new HelperFailure({ kind: 'no-room' });
  const { object } = query;
  await sessions.useToWrite((writing) => generateKey(library, writing, object, id));
  // Some modules take an id that they cannot keep, and store another one.
  const version = id.toString('hex');
  const kept = (await findKeys(library, session, query)).some((key) => key.id.equals(id));
  if (!kept) throw new HelperFailure({ kind: 'other-id' });
  return { answer: { version } };
}

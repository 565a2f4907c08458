import { HelperFailure } from '../messages.js';
import { CKF, CKR, CKU_USER } from './constants.js';
import { type Handle, readHandles } from './layout.js';
import type { Library } from './library.js';
import { checkMechanism, checkTriesLeft, type Token } from './slots.js';

/** How many sessions a token is asked for at most; further calls wait for one. */
const MAX_SESSIONS = 8;

/**
 * The sessions of one token. A session does one thing at a time, so there are several; the login is the token's, and holds for all of them.
 * The first session only keeps the login, which ends with the last session.
 */
export class Sessions {
  readonly token: Token;
  readonly #library: Library;
  readonly #idle: Handle[] = [];
  readonly #waiting: (() => void)[] = [];
  #open = 0;
  #anchor: Promise<Handle> | undefined;
  #able: Promise<void> | undefined;
  #loggedIn = false;
  #login: Promise<void> = Promise.resolve();

  constructor(library: Library, token: Token) {
    this.#library = library;
    this.token = token;
  }

  /** Logs in unless that has happened. Of several at once only the first asks the token. @throws HelperFailure */
  login(pin: Uint8Array): Promise<void> {
    // Also after a failure: the next one may have another PIN.
    this.#login = this.#login.catch(() => {}).then(() => this.#logIn(pin));
    return this.#login;
  }

  async #logIn(pin: Uint8Array): Promise<void> {
    if (this.#loggedIn) return;
    const session = await this.#keptOpen();
    await checkTriesLeft(this.#library, this.token.slot);
    using memory = this.#library.memory();
    const { address, bytes } = memory.copy(pin);
    await this.#library.call(
      'C_Login',
      [session, CKU_USER, address, bytes.length],
      [CKR.USER_ALREADY_LOGGED_IN],
    );
    this.#loggedIn = true;
  }

  /** For what wraps: the same, where the token has what that needs. @throws HelperFailure */
  async useToWrap<T>(work: (session: Handle) => Promise<T>): Promise<T> {
    this.#able ??= checkMechanism(this.#library, this.token.slot);
    const able = this.#able;
    able.catch(() => {
      this.#able = undefined;
    });
    await able;
    return this.use(work);
  }

  /** Lends a session. One in which something failed may still be in the middle of it, and is closed. @throws HelperFailure */
  async use<T>(work: (session: Handle) => Promise<T>): Promise<T> {
    await this.#keptOpen();
    if (this.token.loginRequired && !this.#loggedIn)
      throw new HelperFailure({ kind: 'login-needed', identity: this.token.identity });
    const session = await this.#take();
    let whole = false;
    try {
      const result = await work(session);
      whole = true;
      return result;
    } finally {
      if (whole) this.#idle.push(session);
      else {
        this.#open--;
        await this.#close(session);
      }
      this.#waiting.shift()?.();
    }
  }

  /** Lends a session that may write. @throws HelperFailure */
  async useToWrite<T>(work: (session: Handle) => Promise<T>): Promise<T> {
    const session = await this.#openSession(CKF.RW_SESSION);
    try {
      return await work(session);
    } finally {
      await this.#close(session);
    }
  }

  #keptOpen(): Promise<Handle> {
    if (this.#anchor) return this.#anchor;
    const opened = this.#openSession();
    this.#anchor = opened;
    opened.catch(() => {
      this.#anchor = undefined;
    });
    return opened;
  }

  async #take(): Promise<Handle> {
    for (;;) {
      const idle = this.#idle.pop();
      if (idle !== undefined) return idle;
      if (this.#open < MAX_SESSIONS) {
        this.#open++;
        try {
          return await this.#openSession();
        } catch (error) {
          this.#open--;
          // A token with fewer sessions than we like: share those that we have.
          if (!isSessionCount(error) || this.#open === 0) throw error;
        }
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async #openSession(flags = 0): Promise<Handle> {
    using memory = this.#library.memory();
    const out = memory.fields(0);
    await this.#library.call('C_OpenSession', [
      this.token.slot,
      CKF.SERIAL_SESSION | flags,
      null,
      null,
      out.address,
    ]);
    return readHandles(this.#library.layout, out.bytes, 1)[0]!;
  }

  async #close(session: Handle): Promise<void> {
    await this.#library.call('C_CloseSession', [session]).catch(() => {});
  }
}

function isSessionCount(error: unknown): boolean {
  return (
    error instanceof HelperFailure && error.failure.kind === 'ckr' && error.failure.rv === CKR.SESSION_COUNT
  );
}

import { isWeightsealError, WeightsealError, wipe } from '@weightseal/core';
import { isStale, isWrongPin, toError } from './failure.js';
import type { Frame } from './frames.js';
import type { Helper } from './helper.js';
import { helperFor, used } from './helpers.js';
import {
  type Answer,
  type Failure,
  HelperFailure,
  type KeyQuery,
  type Operation,
  type Request,
  type TokenIdentity,
  type TokenQuery,
} from './messages.js';
import type { PinSource } from './pin.js';
import { isKnownWrong, rememberWrong } from './wrong-pins.js';

/** What is not on the token, as far as the module has looked. */
const UNSEEN: readonly Failure['kind'][] = ['no-key', 'no-version', 'no-private-key', 'no-public-key'];
/** What a helper has seen of a token counts as the state of things for so long. */
const FRESH_MS = 1000;

export interface Target {
  readonly module: string;
  readonly token: TokenQuery;
  readonly pin: PinSource;
  /** Of a login, which several calls may wait for. */
  readonly deadlineMs: number;
}

/** Asks the helper of a module, logs in where the token wants it, and starts another helper where this one is of no more use. */
export class Client {
  readonly #target: Target;
  readonly #logins = new WeakMap<Helper, Promise<void>>();

  constructor(target: Target) {
    this.#target = target;
  }

  /**
   * `doing` is for the message. Where a helper turns out to be of no more use, the call is made once more with a new one; a rotation is not,
   * since it may have happened.
   *
   * @throws WeightsealError
   */
  async ask(
    op: Exclude<Operation, 'login'>,
    key: KeyQuery,
    bytes: Uint8Array,
    stop: AbortSignal,
    doing: string,
  ): Promise<Frame<Answer>> {
    const { module, token } = this.#target;
    for (let again = op !== 'rotate'; ; again = false) {
      try {
        const helper = helperFor(module);
        const known = helper.answers;
        try {
          return await this.#ask(helper, { op, token, key }, bytes, stop);
        } catch (error) {
          if (!(error instanceof HelperFailure) || !isOutdated(error.failure, helper, known)) throw error;
          helper.retire();
          if (!again) throw error;
        }
      } catch (error) {
        throw error instanceof HelperFailure ? toError(error, doing) : error;
      }
    }
  }

  async #ask(helper: Helper, request: Request, bytes: Uint8Array, stop: AbortSignal): Promise<Frame<Answer>> {
    const first = await exchange(helper, request, bytes, stop);
    if (first.head.failure?.kind !== 'login-needed') return checked(first);
    await this.#loggedIn(helper, first.head.failure.identity, stop);
    return checked(await exchange(helper, request, bytes, stop));
  }

  /** One login for all calls that want it, so that a wrong PIN is sent once; a call that stops waiting does not end it. */
  async #loggedIn(helper: Helper, identity: TokenIdentity, stop: AbortSignal): Promise<void> {
    let login = this.#logins.get(helper);
    if (!login) {
      login = this.#logIn(helper, identity).finally(() => this.#logins.delete(helper));
      login.catch(() => {});
      this.#logins.set(helper, login);
    }
    await login;
    stop.throwIfAborted();
  }

  async #logIn(helper: Helper, identity: TokenIdentity): Promise<void> {
    const { token, pin: source, deadlineMs } = this.#target;
    const controller = new AbortController();
    // Not to be waited for: each call that wants the login has its own deadline.
    const timer = setTimeout(() => controller.abort(tooLate(identity, deadlineMs)), deadlineMs).unref();
    const stop = controller.signal;
    let pin: Uint8Array | undefined;
    try {
      pin = await unlessStopped(source(stop), stop);
      if (isKnownWrong(identity, pin)) throw refusedBefore(identity);
      checked(await exchange(helper, { op: 'login', token }, pin, stop));
    } catch (error) {
      if (pin && error instanceof HelperFailure && isWrongPin(error.failure)) rememberWrong(identity, pin);
      throw error;
    } finally {
      clearTimeout(timer);
      wipe(pin);
    }
  }
}

/** A function that asks a person or a service may never answer, and must not keep later logins waiting. What comes too late is wiped. */
async function unlessStopped(asked: Promise<Uint8Array>, stop: AbortSignal): Promise<Uint8Array> {
  const { promise, reject } = Promise.withResolvers<never>();
  stop.addEventListener('abort', () => reject(stop.reason), { once: true });
  try {
    return await Promise.race([asked, promise]);
  } catch (error) {
    asked.then(wipe, () => {});
    throw error;
  }
}

async function exchange(
  helper: Helper,
  request: Request,
  bytes: Uint8Array,
  stop: AbortSignal,
): Promise<Frame<Answer>> {
  try {
    return await helper.ask(request, bytes, stop);
  } catch (error) {
    // What hung once may hang for ever: the next call gets another process.
    if (stop.aborted && isWeightsealError(stop.reason) && stop.reason.code === 'KEY_TIMEOUT') helper.retire();
    throw error;
  } finally {
    used(helper);
  }
}

/**
 * Whether a new helper may see what this one does not: one that had answered `known` times before. Modules may look for tokens, and for keys
 * that other processes made (nShield, unless told otherwise), only when they are initialized. A hostile file can ask for keys that
 * are not there, so that begins a helper anew at most once a second.
 */
function isOutdated(failure: Failure, helper: Helper, known: number): boolean {
  if (failure.kind === 'no-token') return known > 0;
  if (UNSEEN.includes(failure.kind)) return helper.ageMs >= FRESH_MS;
  return isStale(failure);
}

/** @throws HelperFailure when the answer is one */
function checked(frame: Frame<Answer>): Frame<Answer> {
  if (frame.head.failure) throw new HelperFailure(frame.head.failure);
  return frame;
}

function refusedBefore({ token }: TokenIdentity): WeightsealError {
  return new WeightsealError(
    'KEY_DENIED',
    `The token ${JSON.stringify(token)} refused this PIN before, so it was not sent again: a few wrong ones lock the token. Correct the PIN.`,
  );
}

function tooLate({ token }: TokenIdentity, deadlineMs: number): WeightsealError {
  return new WeightsealError(
    'KEY_TIMEOUT',
    `Could not log in to the token ${JSON.stringify(token)} within ${deadlineMs} ms. Check that it can be reached, or raise deadlineMs.`,
  );
}

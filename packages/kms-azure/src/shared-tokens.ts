import type { AccessToken, GetTokenOptions, TokenCredential } from '@azure/identity';

/** What a credential threw, told apart from what the vault answered. */
export class TokenFailure extends Error {
  override readonly name = 'TokenFailure';
}

interface Asking {
  readonly token: Promise<AccessToken | null>;
  readonly stop: AbortController;
  waiting: number;
}

/**
 * Asks the credential once where many calls want the same token at the same time. The SDK shares a request for a token
 * only among calls with the same signal, so that 50 files opened at once would start 50 of them, and with the
 * developer credentials 50 processes. A caller who stops waiting leaves the others alone; when all have left, the request
 * is aborted.
 */
export function sharedTokens(credential: TokenCredential): TokenCredential {
  const running = new Map<string, Asking>();

  function ask(name: string, scopes: string | string[], options: GetTokenOptions): Asking {
    const stop = new AbortController();
    const forget = () => {
      if (running.get(name) === asking) running.delete(name);
    };
    stop.signal.addEventListener('abort', forget);
    const token = (async () => credential.getToken(scopes, { ...options, abortSignal: stop.signal }))();
    const asking: Asking = { token: token.finally(forget), stop, waiting: 0 };
    // Whoever waits gets the error; when nobody does any more, nobody has to.
    asking.token.catch(() => {});
    running.set(name, asking);
    return asking;
  }

  return {
    async getToken(scopes, options = {}) {
      const { abortSignal } = options;
      const name = JSON.stringify([scopes, options.tenantId, options.claims, options.enableCae]);
      const asking = running.get(name) ?? ask(name, scopes, options);
      asking.waiting++;
      const left = Promise.withResolvers<never>();
      const leave = () => left.reject(new TokenFailure('Stopped waiting for a token.'));
      if (abortSignal?.aborted) leave();
      else abortSignal?.addEventListener('abort', leave);
      try {
        const token = await Promise.race([asking.token, left.promise]);
        if (token === null) throw new TokenFailure('The credential gave no token.');
        return token;
      } catch (cause) {
        throw cause instanceof TokenFailure ? cause : new TokenFailure('No token.', { cause });
      } finally {
        abortSignal?.removeEventListener('abort', leave);
        if (--asking.waiting === 0) asking.stop.abort();
      }
    },
  };
}

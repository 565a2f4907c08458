import type { AccessToken, GetTokenOptions } from '@azure/identity';
import { describe, expect, it } from 'vitest';
import { sharedTokens } from '../src/shared-tokens.js';

const TOKEN: AccessToken = { token: 'token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER };

/** A credential that answers when it is told to. */
function slowCredential() {
  const asked: { options: GetTokenOptions; answer: (token: AccessToken | null) => void }[] = [];
  const getToken = (_: string | string[], options: GetTokenOptions = {}) =>
    new Promise<AccessToken | null>((answer) => asked.push({ options, answer }));
  return { asked, credential: sharedTokens({ getToken }) };
}

describe('a token that several calls want', () => {
  it('is asked for once, and again when it has come', async () => {
    const { asked, credential } = slowCredential();
    const both = Promise.all([credential.getToken('a'), credential.getToken('a')]);
    expect(asked).toHaveLength(1);
    asked[0]!.answer(TOKEN);
    expect(await both).toEqual([TOKEN, TOKEN]);
    void credential.getToken('a');
    expect(asked).toHaveLength(2);
  });

  it.each<readonly [string, string, GetTokenOptions]>([
    ['another scope', 'b', {}],
    ['another tenant', 'a', { tenantId: 'other' }],
    ['other claims', 'a', { claims: '{}' }],
  ])('is another one for %s', (_, scope, options) => {
    const { asked, credential } = slowCredential();
    void credential.getToken('a');
    void credential.getToken(scope, options);
    expect(asked).toHaveLength(2);
  });

  it('is left to the others by one who stops waiting, and given up when nobody waits', async () => {
    const { asked, credential } = slowCredential();
    const [one, other] = [new AbortController(), new AbortController()];
    const first = credential.getToken('a', { abortSignal: one.signal });
    const second = credential.getToken('a', { abortSignal: other.signal });
    one.abort();
    await expect(first).rejects.toThrow('Stopped waiting');
    expect(asked[0]!.options.abortSignal?.aborted).toBe(false);
    other.abort();
    await expect(second).rejects.toThrow('Stopped waiting');
    expect(asked[0]!.options.abortSignal?.aborted).toBe(true);
  });

  it('is asked for anew after a request that hung', async () => {
    const { asked, credential } = slowCredential();
    const controller = new AbortController();
    const hung = credential.getToken('a', { abortSignal: controller.signal });
    controller.abort();
    await expect(hung).rejects.toThrow('Stopped waiting');
    const again = credential.getToken('a');
    asked[1]!.answer(TOKEN);
    expect(await again).toBe(TOKEN);
  });

  it('keeps what the credential threw as the cause', async () => {
    const cause = new Error('nobody is logged in');
    const credential = sharedTokens({ getToken: () => Promise.reject(cause) });
    await expect(credential.getToken('a')).rejects.toMatchObject({ name: 'TokenFailure', cause });
  });
});

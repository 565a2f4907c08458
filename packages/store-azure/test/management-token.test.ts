import { azureTokens } from '@weightseal/store-azure';
import { describe, expect, it } from 'vitest';

/** A credential whose tokens last so long, and what it was asked for. */
function credential(...lifetimes: number[]) {
  const scopes: unknown[] = [];
  return {
    scopes,
    getToken: async (scope: string | string[]) => {
      const expiresOnTimestamp = Date.now() + (lifetimes[scopes.push(scope) - 1] ?? 0);
      return { token: `token-${scopes.length}`, expiresOnTimestamp };
    },
  };
}

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return '';
};

describe('tokens for the settings of an account', () => {
  it('are of the Resource Manager, and asked for again only when they end', async () => {
    const given = credential(3_600_000, 60_000, 60_000);
    const { origin, token } = azureTokens({ credential: given });
    expect(origin).toBe('https://management.azure.com');
    expect([await token({}), await token({})]).toEqual(['token-1', 'token-1']);
    expect(given.scopes).toEqual(['https://management.azure.com/.default']);
    const short = credential(60_000, 60_000);
    const shorts = azureTokens({ credential: short });
    expect([await shorts.token({}), await shorts.token({})]).toEqual(['token-1', 'token-2']);
  });

  it('go to another cloud, or to this machine, where that is said', async () => {
    const given = credential(3_600_000);
    const tokens = azureTokens({ credential: given, managementEndpoint: 'http://127.0.0.1:8080' });
    await tokens.token({});
    expect([tokens.origin, ...given.scopes]).toEqual([
      'http://127.0.0.1:8080',
      'http://127.0.0.1:8080/.default',
    ]);
  });

  it.each(['http://management.example.com', 'https://x/path', 'https://u:p@x', 'ftp://x', 'x'])(
    '%s is no place for them',
    (managementEndpoint) => {
      expect(codeOf(() => azureTokens({ managementEndpoint }))).toBe('INVALID_ARGUMENT');
    },
  );

  it('are none where the credential gives none', async () => {
    const { token } = azureTokens({ credential: { getToken: async () => null } });
    await expect(token({})).rejects.toMatchObject({ code: 'STORE_DENIED' });
    expect(codeOf(() => azureTokens({ tokn: 1 } as object))).toBe('INVALID_ARGUMENT');
  });
});

import { createHttpStore, httpLocationFromUri, plainProvider, provider } from '@weightseal/store-http';
import { describe, expect, it } from 'vitest';

describe('a URI over https', () => {
  it('names a host and what it is asked for', () => {
    const { store, key } = httpLocationFromUri('https://Models.Example.com:8443/llama/model.sealed');
    expect(store.uri).toBe('https://models.example.com:8443');
    expect(key).toBe('llama/model.sealed');
  });

  it('can only be read', () => {
    const { store } = httpLocationFromUri('https://models.example.com/llama/');
    expect(store.list).toBeUndefined();
    expect(store.put).toBeUndefined();
  });

  it('goes without TLS to this machine only', () => {
    expect(httpLocationFromUri('http://127.0.0.1:8080/a').store.uri).toBe('http://127.0.0.1:8080');
    expect(() => httpLocationFromUri('http://models.example.com/a')).toThrow(
      expect.objectContaining({ code: 'STORE_URI_INVALID' }),
    );
  });

  it('has a provider for each of the two schemes', () => {
    expect([provider.scheme, plainProvider.scheme]).toEqual(['https', 'http']);
    expect(provider.options).toContain('headers');
  });
});

describe('an option that cannot be is refused', () => {
  const wrong: Readonly<Record<string, object>> = {
    'one that is misspelt': { header: {} },
    'a header that is the store’s own to say': { headers: { Range: 'bytes=0-1' } },
    'a header with a line end in it': { headers: { authorization: 'Bearer secret\r\nx: y' } },
    'a secret from nowhere': { query: { variable: 'X' } },
    'a proxy that is no URL': { proxy: 'proxy.example.com' },
    'more redirects than anybody needs': { redirects: 6 },
    'no connections': { connections: 0 },
    'headers that are none': { headers: null },
  };
  it.each(Object.entries(wrong))('%s', (_, options) => {
    const error = (() => {
      try {
        createHttpStore('https://models.example.com', options);
      } catch (thrown) {
        return thrown as Error;
      }
      return undefined;
    })();
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(error!.message).not.toContain('secret');
  });

  it('a store with a path in it', () => {
    expect(() => createHttpStore('https://models.example.com/a')).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});

import { gcsTokens } from '@weightseal/store-gcs';
import { expect, it } from 'vitest';

const client = (headers: Record<string, string>) => ({
  authClient: { getRequestHeaders: async () => new Headers(headers) },
});

it('tokens for the settings of a bucket are those of its store', async () => {
  const { origin, token } = gcsTokens({ client: client({ authorization: 'Bearer ya29.a-token' }) });
  expect(origin).toBe('https://storage.googleapis.com');
  expect(await token()).toBe('ya29.a-token');
});

it('there is none without credentials, and the host is that of the store', async () => {
  const { origin, token } = gcsTokens({ anonymous: true, endpoint: 'http://127.0.0.1:4443' });
  expect([origin, await token()]).toEqual(['http://127.0.0.1:4443', undefined]);
  expect(await gcsTokens({ client: client({}) }).token()).toBeUndefined();
});

it.each([{ endpoint: 'http://storage.example.com' }, { endpoint: 'https://x/y' }, { tokn: 1 }])(
  '%j is refused',
  (options) => {
    expect(() => gcsTokens(options)).toThrowError(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  },
);

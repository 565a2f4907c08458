import { createAzureStore } from '@weightseal/store-azure';
import { describe, expect, it } from 'vitest';
import { call, codeOf, refusal, SAS, SIGNATURE, serving, storeAt } from './server.js';

const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => '',
    (error: Error) => error.message,
  );

describe('what Azure refuses', () => {
  it.each<[number, string, string]>([
    [400, 'Md5Mismatch', 'STORE_UNAVAILABLE'],
    [400, 'InvalidBlobOrBlock', 'STORE_DENIED'],
    [401, 'NoAuthenticationInformation', 'STORE_DENIED'],
    [403, 'AuthenticationFailed', 'STORE_DENIED'],
    [403, 'AuthorizationFailure', 'STORE_DENIED'],
    [403, 'AuthorizationPermissionMismatch', 'STORE_DENIED'],
    [403, 'KeyBasedAuthenticationNotPermitted', 'STORE_DENIED'],
    [404, 'BlobNotFound', 'INPUT_NOT_FOUND'],
    [404, 'ContainerNotFound', 'INPUT_NOT_FOUND'],
    [409, 'BlobArchived', 'STORE_DENIED'],
    [409, 'BlobImmutableDueToPolicy', 'STORE_DENIED'],
    [409, 'PublicAccessNotPermitted', 'STORE_DENIED'],
    [412, 'LeaseIdMissing', 'STORE_DENIED'],
    [412, 'ConditionNotMet', 'INPUT_CHANGED'],
    [429, 'TooManyRequests', 'STORE_THROTTLED'],
    [500, 'InternalError', 'STORE_UNAVAILABLE'],
    [500, 'OperationTimedOut', 'STORE_UNAVAILABLE'],
    [503, 'ServerBusy', 'STORE_THROTTLED'],
    [418, 'Teapot', 'STORE_RESPONSE_INVALID'],
  ])('with %i %s is %s, at the first time', async (status, code, ours) => {
    await using server = await serving((_, response) => refusal(response, status, code));
    expect(await codeOf(storeAt(server.url).stat('a', call))).toBe(ours);
    expect(await codeOf(storeAt(server.url).read('a', { offset: 0, length: 1 }, call))).toBe(ours);
    expect(server.seen).toHaveLength(2);
  });

  it.each([
    ['stat', 'blobs/read', 'Storage Blob Data Reader'],
    ['list', 'blobs/read', 'Storage Blob Data Reader'],
    ['put', 'blobs/write', 'Storage Blob Data Contributor'],
    ['remove', 'blobs/delete', 'Storage Blob Data Contributor'],
  ])('of %s names the action and the role that are missing', async (method, action, role) => {
    await using server = await serving((_, response) =>
      refusal(response, 403, 'AuthorizationPermissionMismatch'),
    );
    const store = storeAt(server.url);
    const asked = {
      stat: () => store.stat('a', call),
      list: () => Array.fromAsync(store.list!('', { oneLevel: false }, call)),
      put: () => store.put!('a', new Uint8Array(1), {}, call),
      remove: () => store.remove!('a', {}, call),
    }[method]!;
    const message = await messageOf(asked());
    expect(message).toContain(action);
    expect(message).toContain(role);
  });

  it('may repeat the signature, and no error does', async () => {
    await using server = await serving(({ url }, response) =>
      refusal(
        response,
        403,
        'AuthenticationFailed',
        `Signature ${decodeURIComponent(SIGNATURE)} of ${url.search.replaceAll('&', '&amp;')}`,
      ),
    );
    expect(await codeOf(storeAt(server.url).stat('a', call))).toBe('STORE_DENIED');
    expect(await codeOf(storeAt(server.url).read('a', { offset: 0, length: 1 }, call))).toBe('STORE_DENIED');
  });

  it('to remove what is not there is none', async () => {
    await using server = await serving((_, response) => refusal(response, 404, 'BlobNotFound'));
    await storeAt(server.url).remove!('a', {}, call);
  });

  it('to remove what has snapshots says so', async () => {
    await using server = await serving((_, response) => refusal(response, 409, 'SnapshotsPresent'));
    const work = storeAt(server.url).remove!('a', { version: '"1"' }, call);
    expect(await codeOf(work)).toBe('STORE_DENIED');
    expect(await messageOf(work)).toContain('snapshots');
    expect(server.seen[0]!.headers['if-match']).toBe('"1"');
  });
});

describe('without an answer', () => {
  it('a server that is not there is STORE_UNAVAILABLE', async () => {
    const server = await serving(() => {});
    await server[Symbol.asyncDispose]();
    expect(await codeOf(storeAt(server.url).stat('a', call))).toBe('STORE_UNAVAILABLE');
  });

  it.each<[string, object, string]>([
    ['a credential that gives none', { getToken: async () => null }, 'STORE_DENIED'],
    [
      'a credential that is not logged in',
      {
        getToken: async () => {
          throw Object.assign(new Error(`AADSTS700016 ${SAS}`), {
            name: 'AuthenticationError',
            statusCode: 401,
          });
        },
      },
      'STORE_DENIED',
    ],
    [
      'an authority that is away',
      {
        getToken: async () => {
          throw Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' });
        },
      },
      'STORE_UNAVAILABLE',
    ],
  ])('of %s the code says it', async (_, credential, code) => {
    const store = createAzureStore({
      account: 'seals',
      container: 'models',
      credential: credential as { getToken(): Promise<null> },
      endpoint: 'https://127.0.0.1:9',
    });
    expect(await codeOf(store.stat('a', call))).toBe(code);
  });

  it('a signature that is none is told before anything is sent', async () => {
    await using server = await serving((_, response) => void response.end());
    const sasToken = async () => 'https://example.com/?sig=x';
    const store = createAzureStore({ account: 'seals', container: 'models', sasToken, endpoint: server.url });
    expect(await codeOf(store.stat('a', call))).toBe('STORE_DENIED');
    expect(server.seen).toEqual([]);
  });
});

import { createGcsStore } from '@weightseal/store-gcs';
import { describe, expect, it } from 'vitest';
import { call, codeOf, json, refusal, serving, storeAt, TOKEN } from './server.js';

async function messageOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => '',
    (error: Error) => error.message,
  );
}

describe('what Cloud Storage refuses', () => {
  it.each<[number, string, string, string]>([
    [400, 'invalid', 'Bucket is a requester pays bucket but no user project provided.', 'STORE_DENIED'],
    [401, 'authError', 'Invalid Credentials', 'STORE_DENIED'],
    [401, 'required', 'Anonymous caller does not have storage.objects.get access.', 'STORE_DENIED'],
    [403, 'forbidden', 'x@y does not have storage.objects.get access.', 'STORE_DENIED'],
    [403, 'retentionPolicyNotMet', 'Object is subject to a retention policy.', 'STORE_DENIED'],
    [403, 'rateLimitExceeded', 'Too many.', 'STORE_THROTTLED'],
    [403, 'insufficientPermissions', 'Scopes.', 'STORE_DENIED'],
    [403, 'vpcServiceControls', 'Perimeter.', 'STORE_DENIED'],
    [404, 'notFound', 'The specified bucket does not exist.', 'INPUT_NOT_FOUND'],
    [404, 'notFound', 'No such object: models/a', 'INPUT_NOT_FOUND'],
    [408, 'uploadBrokenConnection', 'Late.', 'STORE_UNAVAILABLE'],
    [412, 'conditionNotMet', 'An organization policy.', 'STORE_DENIED'],
    [429, 'rateLimitExceeded', 'Slow down.', 'STORE_THROTTLED'],
    [500, 'backendError', 'Backend Error', 'STORE_UNAVAILABLE'],
    [503, 'backendError', 'Backend Error', 'STORE_THROTTLED'],
    [504, 'gatewayTimeout', 'Late.', 'STORE_UNAVAILABLE'],
    [418, 'teapot', 'Tea.', 'STORE_RESPONSE_INVALID'],
  ])('with %i %s (%s) is %s', async (status, reason, message, code) => {
    await using server = await serving((_, response) => refusal(response, status, reason, message));
    expect(await codeOf(storeAt(server.url).stat('a', call))).toBe(code);
  });

  it.each([
    ['stat', 'storage.objects.get', 'roles/storage.objectViewer'],
    ['list', 'storage.objects.list', 'roles/storage.objectViewer'],
    ['put', 'storage.objects.create', 'roles/storage.objectUser'],
    ['remove', 'storage.objects.delete', 'roles/storage.objectUser'],
  ])('of %s names the permission and the role that are missing', async (method, permission, role) => {
    await using server = await serving((_, response) => refusal(response, 403, 'forbidden'));
    const store = storeAt(server.url);
    const asked = {
      stat: () => store.stat('a', call),
      list: () => Array.fromAsync(store.list!('', { oneLevel: false }, call)),
      put: () => store.put!('a', new Uint8Array(1), {}, call),
      remove: () => store.remove!('a', {}, call),
    }[method]!;
    const message = await messageOf(asked());
    expect(message).toContain(permission);
    expect(message).toContain(role);
  });

  it('may repeat the token, and no error does', async () => {
    await using server = await serving(({ headers }, response) =>
      refusal(response, 403, 'forbidden', `Not with ${headers.authorization}, https://x/?upload_id=abc`),
    );
    const work = storeAt(server.url).stat('a', call);
    expect(await codeOf(work)).toBe('STORE_DENIED');
    const error: unknown = await work.catch((thrown: unknown) => thrown);
    expect(String((error as Error).cause)).not.toContain('upload_id');
  });

  it('without end is cut off', async () => {
    await using server = await serving((_, response) => {
      response.writeHead(403);
      const chunk = Buffer.alloc(65_536, TOKEN);
      const more = () => {
        if (!response.destroyed) response.write(chunk, () => setImmediate(more));
      };
      more();
    });
    expect(await codeOf(storeAt(server.url).stat('a', call))).toBe('STORE_DENIED');
  });

  it('to remove what is not there is none', async () => {
    await using server = await serving((_, response) => refusal(response, 404, 'notFound'));
    await storeAt(server.url).remove!('a', {}, call);
  });

  it('to remove what was replaced is INPUT_CHANGED', async () => {
    await using server = await serving((_, response) => refusal(response, 412, 'conditionNotMet'));
    const store = storeAt(server.url);
    expect(await codeOf(store.remove!('a', { version: '1' }, call))).toBe('INPUT_CHANGED');
    expect(server.seen[0]?.url.searchParams.get('ifGenerationMatch')).toBe('1');
  });
});

describe('without an answer', () => {
  it('a server that is not there is STORE_UNAVAILABLE', async () => {
    const server = await serving(() => {});
    await server[Symbol.asyncDispose]();
    const work = storeAt(server.url).stat('a', call);
    expect(await codeOf(work)).toBe('STORE_UNAVAILABLE');
    expect(await messageOf(work)).toContain('refused');
  });

  it.each([
    ['Could not load the default credentials.', 'STORE_DENIED', 'gcloud auth application-default login'],
    [`invalid_grant: ${TOKEN}`, 'STORE_DENIED', 'Renew them'],
    ['ENOENT: no such file or directory, open …', 'STORE_DENIED', 'GOOGLE_APPLICATION_CREDENTIALS'],
  ])('credentials that fail with "%s" are %s', async (words, code, told) => {
    const authClient = { getRequestHeaders: () => Promise.reject(new Error(words)) };
    const store = createGcsStore({ bucket: 'models', client: { authClient } });
    const work = store.stat('a', call);
    expect(await codeOf(work)).toBe(code);
    expect(await messageOf(work)).toContain(told);
  });

  it('a token server that is away is STORE_UNAVAILABLE', async () => {
    const away = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    const authClient = { getRequestHeaders: () => Promise.reject(away) };
    const store = createGcsStore({ bucket: 'models', client: { authClient } });
    expect(await codeOf(store.stat('a', call))).toBe('STORE_UNAVAILABLE');
  });

  it('of the object that was asked for, another one is refused', async () => {
    await using server = await serving((_, response) =>
      json(response, 200, { name: 'other', size: '1', generation: '1' }),
    );
    expect(await codeOf(storeAt(server.url).stat('a', call))).toBe('STORE_RESPONSE_INVALID');
  });
});

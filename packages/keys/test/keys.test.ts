import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canDescribe, canRotate } from '@weightseal/core';
import { KEY_SCHEMES, keyFromUri, keysFromUris, schemeOf } from '@weightseal/keys';
import { generateKeyFile } from '@weightseal/kms-local';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const context = { model: 'm' };
const dataKey = new Uint8Array(32).fill(7);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weightseal-keys-'));
  await generateKeyFile(join(directory, 'k'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('a key URI gives the key of its provider', () => {
  test('each in its place', async () => {
    const uris = ['local:b', 'passphrase:', 'local:a'];
    expect((await keysFromUris(uris)).map(({ uri }) => uri)).toEqual(uris);
  });

  test('with its deadline', async () => {
    await expect(keyFromUri('local:k', { deadlineMs: 0 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  test('with somebody to ask for the passphrase', async () => {
    const key = await keyFromUri('passphrase:', { prompt: async () => Buffer.from('correct horse') });
    const wrapped = await key.wrap(dataKey, context);
    expect(await key.unwrap(wrapped, context)).toEqual(dataKey);
  });

  test('with what is said for its provider alone', async () => {
    const scrypt = { N: 2 ** 14, r: 8, p: 1 };
    const providers = { passphrase: { scrypt, prompt: async () => Buffer.from('correct horse') } };
    const [local, phrase] = await keysFromUris(['local:k', 'passphrase:'], { providers });
    expect(local!.provider).toBe('local');
    expect((await phrase!.wrap(dataKey, context)).ciphertext[1]).toBe(14);
  });
});

describe('a relative path counts from the directory that the caller names', () => {
  test('and the key keeps its URI, so that no sealed file tells where that is', async () => {
    const key = await keyFromUri('local:./k', { directory });
    const wrapped = await key.wrap(dataKey, context);
    expect([key.uri, wrapped.keyUri]).toEqual(['local:./k', 'local:./k']);
    expect(await key.unwrap(wrapped, context)).toEqual(dataKey);
    expect(canDescribe(key) && (await key.describe()).uri).toBe('local:./k');
    expect(canRotate(key) && (await key.rotate())).toMatch(/\/2$/);
  });

  test('and goes up out of a linked directory to where that leads', async () => {
    const linked = await mkdtemp(join(directory, 'linked-'));
    await mkdir(join(linked, 'store', 'v3'), { recursive: true });
    await symlink('store/v3', join(linked, 'current'));
    await generateKeyFile(join(linked, 'store', 'k'));
    const from = (above: string, path: string) => keyFromUri(`local:${path}`, { directory: above });
    const key = await from(linked, 'current/../k');
    const wrapped = await key.wrap(dataKey, context);
    for (const same of [
      from(`${linked}/current/..`, 'k'),
      from(`${linked}/current/../`, './k'),
      from(`${linked}/store`, 'k'),
    ])
      expect(await (await same).unwrap({ ...wrapped, keyUri: (await same).uri }, context)).toEqual(dataKey);
    const fromRoot = await from('/', `${linked.slice(1)}/store/k`);
    expect((await fromRoot.wrap(dataKey, context)).ciphertext.length).toBeGreaterThan(0);
  });

  test('an absolute one does not', async () => {
    const key = await keyFromUri(`local:${join(directory, 'k')}`, { directory: '/nowhere' });
    await expect(key.wrap(dataKey, context)).resolves.toBeDefined();
  });

  test.for(['local:', 'local:k?x', `local:${'ab'.repeat(32)}`, 'passphrase:hunter2'])(
    '%s is refused as it is without a directory',
    async (uri) => {
      const error = await keyFromUri(uri).catch((reason: Error) => reason);
      await expect(keyFromUri(uri, { directory })).rejects.toEqual(error);
      expect(error).toMatchObject({ code: 'KEY_URI_INVALID' });
    },
  );
});

describe('what no provider has', () => {
  test.for([
    ['secret', 'A key URI starts with its scheme; known are local:, '],
    ['AWS-KMS://k', 'A key URI starts with its scheme'],
    ['aws://k', 'No provider has keys of aws:; known are local:, passphrase:, aws-kms:, '],
    ['aws://k', ' Did you mean aws-kms:?'],
    ['arn:aws:kms:eu-west-1:111122223333:key/1', ' Did you mean aws-kms:?'],
    ['azurekeyvault://v/k', ' Did you mean azure-kv:?'],
    ['loacl:k', ' Did you mean local:?'],
    ['gcp-kms.:k', ' Did you mean gcp-kms:?'],
    ['AWS-KMS://k', 'A key URI starts with its scheme, in lower case; known'],
    ['s3://k', 'vault:. A key file is local:<path>.'],
    ['constructor:k', 'No provider has keys of constructor:'],
  ] as const)('%s is told so, with what is known', async ([uri, message]) => {
    await expect(keyFromUri(uri)).rejects.toMatchObject({
      code: 'PROVIDER_UNKNOWN',
      message: expect.stringContaining(message),
    });
  });

  test('is not repeated', async () => {
    const error = await keyFromUri('hunter2').catch((reason: Error) => reason);
    expect(String(error)).not.toContain('hunter2');
  });
});

test('a scheme is in lower case and ends with the first colon', () => {
  expect(['local:a:b', 'aws-kms://k', 'name', 'Local:a', ':a', '1a:b', ''].map(schemeOf)).toEqual([
    'local',
    'aws-kms',
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(KEY_SCHEMES.map((scheme) => schemeOf(`${scheme}:x`))).toEqual(KEY_SCHEMES);
});

import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { defineProvider, isWeightsealError, WeightsealError } from '@weightseal/core';
import { keyFromUri, keysFromUris } from '@weightseal/keys';
import { awsKeyFromUri, createAwsKey } from '@weightseal/kms-aws';
import { azureKeyFromUri, createAzureKey } from '@weightseal/kms-azure';
import { createGcpKey, gcpKeyFromUri } from '@weightseal/kms-gcp';
import {
  createLocalKey,
  createPassphraseKey,
  generateKeyFile,
  localKeyFromUri,
  passphraseKeyFromUri,
} from '@weightseal/kms-local';
import { createPkcs11Key, pkcs11KeyFromUri } from '@weightseal/kms-pkcs11';
import { createVaultKey, vaultKeyFromUri } from '@weightseal/kms-vault';
import { afterAll, describe, expect, test } from 'vitest';

// Callers in JavaScript, whom no compiler has told.
type Function = (...given: never[]) => unknown;

async function failureOf(go: Function, ...given: unknown[]): Promise<WeightsealError> {
  try {
    await go(...(given as never[]));
  } catch (error) {
    if (isWeightsealError(error)) return error;
    throw new WeightsealError('INTERNAL', 'It was refused otherwise.', { cause: error });
  }
  throw new WeightsealError('INTERNAL', 'It was not refused.');
}

/** What makes a key of options, and options that are right. */
const makers: Record<string, [Function, object]> = {
  createLocalKey: [createLocalKey, { path: 'k' }],
  createPassphraseKey: [createPassphraseKey, { passphrase: new Uint8Array([1]) }],
  createAwsKey: [createAwsKey, { keyId: 'alias/x' }],
  createGcpKey: [createGcpKey, { name: 'projects/p-12345/locations/global/keyRings/r/cryptoKeys/k' }],
  createAzureKey: [createAzureKey, { vaultUrl: 'https://v.vault.azure.net', name: 'k' }],
  createVaultKey: [createVaultKey, { address: 'https://vault.example.com', name: 'k' }],
  createPkcs11Key: [createPkcs11Key, { module: '/lib/p.so', token: 't', object: 'k' }],
};

/** Likewise of a URI. */
const byUri: Record<string, [Function, string]> = {
  localKeyFromUri: [localKeyFromUri, 'local:k'],
  passphraseKeyFromUri: [passphraseKeyFromUri, 'passphrase:'],
  awsKeyFromUri: [awsKeyFromUri, 'aws-kms://alias/x'],
  gcpKeyFromUri: [gcpKeyFromUri, 'gcp-kms://projects/p-12345/locations/global/keyRings/r/cryptoKeys/k'],
  azureKeyFromUri: [azureKeyFromUri, 'azure-kv://v.vault.azure.net/keys/k'],
  vaultKeyFromUri: [vaultKeyFromUri, 'vault://vault.example.com/transit/keys/k'],
  pkcs11KeyFromUri: [pkcs11KeyFromUri, 'pkcs11:token=t;object=k?module-path=/lib/p.so'],
  keyFromUri: [keyFromUri, 'local:k'],
};

describe.each(Object.entries(makers))('%s', (_name, [make, right]) => {
  test.each([undefined, null, 5, 'local:k', [], {}])('of %j', async (options) => {
    const error = await failureOf(make, options);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(error.message).toMatch(/\.$/);
  });

  test('with members that are of the wrong kind; and positive control', async () => {
    for (const [name, first] of Object.entries(right))
      for (const value of [undefined, null, 5, {}, ''])
        if (!(value === undefined && ['module', 'token'].includes(name)))
          expect(await failureOf(make, { ...right, [name]: value }), `${name} ${first}`).toMatchObject({
            code: 'INVALID_ARGUMENT',
          });
    for (const value of ['10', 0, Number.NaN])
      expect(await failureOf(make, { ...right, deadlineMs: value })).toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    expect(await make(right as never)).toMatchObject({ wrap: expect.any(Function) });
  });
});

describe.each(Object.entries(byUri))('%s', (_name, [make, uri]) => {
  test.each([undefined, null, 5, {}, new URL('file:///k')])('of %s', async (given) => {
    expect((await failureOf(make, given)).code).toMatch(/^(INVALID_ARGUMENT|KEY_URI_INVALID)$/);
  });

  test('with options that are none; and positive control', async () => {
    for (const options of [null, 5, 'x', { deadlineMs: 'soon' }])
      expect(await failureOf(make, uri, options)).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await make(...([uri] as never[]))).toMatchObject({ wrap: expect.any(Function) });
  });
});

const vault = { address: 'https://vault.example.com', name: 'k' };
const azure = { vaultUrl: 'https://v.vault.azure.net', name: 'k' };
const ofVault = 'vault://vault.example.com/transit/keys/k';
const ofAzure = 'azure-kv://v.vault.azure.net/keys/k';

describe.each<[string, (more: object) => unknown, readonly object[]]>([
  ...[
    (more: object) => createVaultKey({ ...vault, ...more }),
    (more: object) => vaultKeyFromUri(ofVault, more),
    (more: object) => keyFromUri(ofVault, { providers: { vault: more } }),
  ].map((make): [string, (more: object) => unknown, readonly object[]] => [
    String(make),
    make,
    [
      { token: 5 },
      { token: null },
      { tls: 'x' },
      { tls: null },
      { tls: [] },
      ...[5, {}, null].flatMap((pem) => [
        { tls: { ca: pem } },
        { tls: { cert: pem } },
        { tls: { key: pem } },
      ]),
      { formerUris: 'x' },
      { formerUris: [5] },
      { formerUris: null },
    ],
  ]),
  ...[
    (more: object) => createAzureKey({ ...azure, ...more }),
    (more: object) => azureKeyFromUri(ofAzure, more),
    (more: object) => keyFromUri(ofAzure, { providers: { 'azure-kv': more } }),
  ].map((make): [string, (more: object) => unknown, readonly object[]] => [
    String(make),
    make,
    [
      { allowedHosts: [1] },
      { allowedHosts: 'x' },
      { formerUris: 'x' },
      { formerUris: [{}] },
      { clients: 5 },
      { credential: 'x' },
      { clientOptions: 5 },
      { clientOptions: [] },
    ],
  ]),
  [
    'keyFromUri',
    (more) => keyFromUri(ofVault, more),
    [{ formerUris: 'x' }, { formerUris: [5] }, { providers: [] }],
  ],
])('%s', (_name, make, options) => {
  test.each(options)('is refused with %j', async (more) => {
    const error = await failureOf(() => make(more));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toMatch(/^The option `\w+` of .* must be .*\.$/);
  });
});

test('of an array it is told what does not belong in it', async () => {
  const error = await failureOf(() => createAzureKey({ ...azure, allowedHosts: ['h', 1 as never] }));
  expect(error.message).toMatch(/must be an array of strings, and holds a number\.$/);
});

test('what may be given is taken', async () => {
  const right = {
    token: () => 't',
    tls: { ca: 'x', cert: Buffer.from('x'), key: undefined },
    formerUris: [ofVault],
  };
  expect(createVaultKey({ ...vault, ...right }).uri).toBe(ofVault);
  const hosts = { allowedHosts: ['localhost:1'], formerUris: [ofAzure], clients: {} as never };
  expect(createAzureKey({ ...azure, ...hosts }).uri).toBe(ofAzure);
});

test.each<[string, Function, unknown[]]>([
  ['defineProvider of nothing', defineProvider, []],
  ['defineProvider of null', defineProvider, [null]],
  ['defineProvider of a function', defineProvider, [() => {}]],
  ['keysFromUris of nothing', keysFromUris, []],
  ['keysFromUris of one URI', keysFromUris, ['local:k']],
  ['keysFromUris of numbers', keysFromUris, [[5]]],
  ['keyFromUri with a directory that is none', keyFromUri, ['local:k', { directory: 5 }]],
  ['keyFromUri with a prompt that is none', keyFromUri, ['passphrase:', { prompt: 'x' }]],
  [
    'keyFromUri with what is misspelt for a provider',
    keyFromUri,
    ['aws-kms://alias/x', { providers: { 'aws-kms': { cleintConfig: {} } } }],
  ],
  ['createAwsKey with what is misspelt', createAwsKey, [{ keyId: 'alias/x', cleint: {} }]],
  ['generateKeyFile of nothing', generateKeyFile, []],
  ['generateKeyFile of a URL of the web', generateKeyFile, [new URL('https://example.com/k')]],
])('%s', async (_name, go, given) => {
  expect(await failureOf(go, ...given)).toMatchObject({ code: 'INVALID_ARGUMENT' });
});

describe('a key file may be named by a file: URL', () => {
  const path = join(tmpdir(), `weightseal-url-${process.pid}`);
  afterAll(() => rm(path));

  test('when it is made, and when it is used', async () => {
    expect(await generateKeyFile(pathToFileURL(path))).toBe(`local:${path}`);
    const key = createLocalKey({ path: pathToFileURL(path) });
    expect(key.uri).toBe(`local:${path}`);
    const dataKey = new Uint8Array(32).fill(7);
    const wrapped = await key.wrap(dataKey, {});
    const relative = await keyFromUri(`local:${path.slice(tmpdir().length + 1)}`, {
      directory: pathToFileURL(tmpdir()),
    });
    expect(new Uint8Array(await relative.unwrap(wrapped, {}))).toEqual(dataKey);
    for (const signal of ['x', {}, 5])
      expect(await failureOf(() => key.unwrap(wrapped, {}, { signal: signal as never }))).toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
  });
});

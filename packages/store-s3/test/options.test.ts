import { createS3Store, provider, s3LocationFromUri } from '@weightseal/store-s3';
import { describe, expect, it } from 'vitest';

const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
const uriInvalid = expect.objectContaining({ code: 'STORE_URI_INVALID' });
const thrownBy = (make: () => unknown): unknown => {
  try {
    return make();
  } catch (error) {
    return error;
  }
};

describe('the place that a URI names', () => {
  it('is a bucket and a key, taken as it is written', () => {
    const { store, key } = s3LocationFromUri('s3://models/bert/50% off+more.sealed');
    expect([store.uri, key]).toEqual(['s3://models', 'bert/50% off+more.sealed']);
    expect(s3LocationFromUri('s3://models').key).toBe('');
    expect(s3LocationFromUri('s3://models/bundle/').key).toBe('bundle');
  });

  it.each([
    's3://',
    's3:///key',
    's3://user:secret@models/key',
    's3://models/key?versionId=1',
    's3://models/key#part',
    's3://models/../key',
    's3://models//key',
    'https://models/key',
  ])('is not named by %s', (uri) => {
    expect(thrownBy(() => s3LocationFromUri(uri))).toEqual(uriInvalid);
  });
});

describe('an option is refused', () => {
  it.each([
    ['that nobody knows', { endPoint: 'https://s3.example.com' }],
    ['an endpoint that is no URL', { endpoint: 's3.example.com' }],
    ['an endpoint with credentials', { endpoint: 'https://user:secret@s3.example.com' }],
    ['an endpoint without TLS on another machine', { endpoint: 'http://s3.example.com' }],
    ['a region that is a host', { region: 'evil.example/' }],
    ['an account that is none', { bucketOwner: '1111' }],
    ['a proxy that is none', { proxy: 'proxy.example.com:3128' }],
    ['a path style that is a word', { pathStyle: 'yes' }],
  ])('%s', (_, options) => {
    const error = thrownBy(() => createS3Store({ bucket: 'models', ...(options as object) }));
    expect(error).toEqual(invalid);
    expect(String(error)).not.toContain('secret');
  });

  it.each(['', 'a/b', 'a..b', 'host?x', undefined])('a bucket that is none: %s', (bucket) => {
    expect(thrownBy(() => createS3Store({ bucket: bucket as string }))).toEqual(invalid);
  });
});

it('an endpoint without TLS is taken on this machine, and elsewhere where that is asked for', () => {
  for (const endpoint of ['http://127.0.0.1:9000', 'http://[::1]:9000', 'http://localhost:9000'])
    expect(createS3Store({ bucket: 'models', endpoint }).uri).toBe('s3://models');
  const endpoint = 'http://minio.internal:9000';
  expect(createS3Store({ bucket: 'models', endpoint, allowHttp: true }).uri).toBe('s3://models');
});

it('what it provides has a scheme, and the names of its options', async () => {
  expect(provider.scheme).toBe('s3');
  expect(provider.options).toEqual(expect.arrayContaining(['region', 'endpoint', 'pathStyle', 'profile']));
  const { store, key } = await provider.fromUri('s3://models/key', { region: 'eu-west-1' });
  expect([store.uri, key]).toEqual(['s3://models', 'key']);
});

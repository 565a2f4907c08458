import { splitStoreUri } from '@weightseal/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const refused = expect.objectContaining({ code: 'STORE_URI_INVALID' });
const bucket = (uri: string) => splitStoreUri(uri, 's3', { authority: 'bucket' });
const blob = (uri: string) => splitStoreUri(uri, 'az', { authority: 'account/container' });
const host = (uri: string) => splitStoreUri(uri, uri.slice(0, uri.indexOf(':')), { authority: 'host' });

describe('the URI of a store is taken apart', () => {
  it('into a bucket and a key, which is taken as it is written', () => {
    expect(bucket('s3://models/llama/model.sealed')).toEqual({
      authority: 'models',
      key: 'llama/model.sealed',
    });
    expect(bucket('s3://models/a b/%2F+é@:')).toEqual({ authority: 'models', key: 'a b/%2F+é@:' });
    for (const uri of ['s3://models', 's3://models/']) expect(bucket(uri).key).toBe('');
    expect(bucket('s3://models/llama/').key).toBe('llama');
  });

  it('into a container of an account, and a blob', () => {
    expect(blob('az://account/models/a/b')).toEqual({ authority: 'account/models', key: 'a/b' });
    expect(blob('az://account/$root/a')).toEqual({ authority: 'account/$root', key: 'a' });
  });

  it('into a host, and what a browser would ask it for', () => {
    expect(host('https://Models.Example.com:443/a b/é%20%41')).toEqual({
      authority: 'models.example.com',
      key: 'a%20b/%C3%A9%20%41',
    });
    expect(host('http://[::1]:8080/a')).toEqual({ authority: '[::1]:8080', key: 'a' });
  });

  it('and never changes a key that it takes', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9 %@:+=~,;é世-]{1,10}$/);
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), (names) => {
        expect(bucket(`s3://models/${names.join('/')}`).key).toBe(names.join('/'));
      }),
    );
  });
});

describe('the URI of a store is refused', () => {
  it.each([
    's3:/models/a',
    's3://',
    's3:///a',
    's3://models//a',
    's3://models/a//',
    's3://models/./a',
    's3://models/../a',
    's3://models/..',
    's3://models/a?versionId=1',
    's3://models/a?',
    's3://models/a#b',
    's3://models/a\nb',
    's3://models/a\u0085b',
    's3://models/a\ud800',
    's3://user:password@models/a',
    's3://mod els/a',
    's3://models:9000/a',
    `s3://models/${'a'.repeat(4096)}`,
    'gs://models/a',
  ])('%j', (uri) => {
    expect(() => bucket(uri)).toThrow(refused);
  });

  it.each([
    'az://account',
    'az://account/',
    'az://account.blob.core.windows.net:443/c/b',
    'az://account/Con_tainer/b',
  ])('%s', (uri) => {
    expect(() => blob(uri)).toThrow(refused);
  });

  it.each([
    'https://',
    'https:///a',
    'https://user@host/a',
    'https://host/a\\b',
    'https://host\\@other/a',
    'https://host/%2e%2E/a',
    'https://host/.%2e',
    'https://host/a%2fb',
    'https://host/a%00',
    'https://host/a?b',
    'https://ho%73t/a',
    'https://host:99999/a',
    'http://models.example.com/a',
    'http://127.0.0.1.example.com/a',
  ])('%s', (uri) => {
    expect(() => host(uri)).toThrow(refused);
  });

  it('without repeating it', () => {
    expect(() => bucket('s3://key:secret@models/a')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    );
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isStoreUri, locationFromUri, STORE_SCHEMES } from '@weightseal/stores';
import { describe, expect, it } from 'vitest';

const invalid = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

describe('a place by its URI', () => {
  it('is of the package of its scheme', async () => {
    const { store, key } = await locationFromUri('https://models.example.com/llama/');
    expect([store.uri, key]).toEqual(['https://models.example.com', 'llama']);
    expect((await locationFromUri('http://127.0.0.1:8080/a')).store.uri).toBe('http://127.0.0.1:8080');
  });

  it('is asked as the caller says', async () => {
    const { tuning } = await locationFromUri('https://h/a', { tuning: { attempts: 2 } });
    expect(tuning).toEqual({ attempts: 2 });
  });

  it.each([
    ['a misspelt option', { stores: { https: { header: {} } } }, 'did you mean headers?'],
    ['a misspelt member', { store: {} }, 'did you mean stores?'],
    ['a misspelt tuning', { tuning: { atempts: 2 } }, 'did you mean attempts?'],
    ['another provider for one of ours', { stores: { s3: { module: './s3.mjs' } } }, 'own'],
    ['text for one of ours', { stores: { https: 'https://proxy' } }, 'own'],
  ])('refuses %s', async (_, options, says) => {
    await expect(locationFromUri('https://h/a', options as object)).rejects.toThrow(
      invalid('INVALID_ARGUMENT', says),
    );
  });

  it.each([
    ['gcs://bucket/key', 'Did you mean gs://?'],
    ['s3a://bucket/key', 'Did you mean s3://?'],
    ['S3://bucket/key', 'Did you mean s3://?'],
    ['abfss://container@account/blob', 'Did you mean az://?'],
    ['htps://host/path', 'Did you mean https://?'],
    ['file:///models', 'A file is named by its path.'],
    ['models/llama', 'A file is named by its path'],
  ])('tells what was meant by %s', async (uri, says) => {
    await expect(locationFromUri(uri)).rejects.toThrow(invalid('PROVIDER_UNKNOWN', says));
  });

  it('repeats nothing of a URI that may hold a secret', async () => {
    for (const uri of ['ftp://user:secret@host/a', 'https://user:secret@h/a', 'https://h/a?sig=secret'])
      await expect(locationFromUri(uri)).rejects.toSatisfy((error) => !String(error).includes('secret'));
  });
});

describe('a store of others', () => {
  const store = { uri: 'corp://x', stat() {}, read() {}, async close() {} };
  const provider = (made: unknown = { store, key: 'a' }) => ({
    scheme: 'corp',
    options: ['token'],
    fromUri: () => made,
  });

  it('comes from what a module exports, a function, or a file', async () => {
    for (const given of [{ mine: provider() }, provider(), () => ({ store, key: 'a' })])
      expect(await locationFromUri('corp://x/a', { stores: { corp: given } })).toMatchObject({ key: 'a' });
    const from = await mkdtemp(join(tmpdir(), 'weightseal-stores-'));
    const text = `export const mine = { scheme: 'corp', options: ['token'],
      fromUri: (uri, { token }) => ({ key: token, store: { uri: 'corp://x', read() {} } }) };`;
    await writeFile(join(from, 'corp.mjs'), text);
    const corp = { module: './corp.mjs', from, options: { token: 't' } };
    expect(await locationFromUri('corp://x/a', { stores: { corp } })).toMatchObject({ key: 't' });
    await rm(from, { recursive: true });
  });

  it('that is not there is told with the command that installs it', async () => {
    const asked = locationFromUri('corp://x/a', { stores: { corp: '@corp/not-there' } });
    await expect(asked).rejects.toThrow(invalid('PROVIDER_MISSING', 'npm install @corp/not-there'));
  });

  it('is refused where it is none', async () => {
    const asked = locationFromUri('corp://x/a', { stores: { corp: provider({ key: 'a' }) } });
    await expect(asked).rejects.toThrow(invalid('PROVIDER_INVALID', 'no place in a store of corp:'));
    const keys = locationFromUri('corp://x/a', { stores: { corp: { other: 1 } } });
    await expect(keys).rejects.toThrow(invalid('INVALID_ARGUMENT', 'defineStore'));
  });
});

it('what is meant as the URI of a store is no path', () => {
  for (const scheme of [...STORE_SCHEMES, 'gcs', 'S3', 'file'])
    expect(isStoreUri(`${scheme}://a/b`)).toBe(true);
  for (const path of ['a/b', '/a', 'C:\\a', 'c://a', './s3://a', 's3:a', '', undefined])
    expect(isStoreUri(path)).toBe(false);
});

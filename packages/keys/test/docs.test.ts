import { readFile } from 'node:fs/promises';
import { KEY_SCHEMES, keyFromUri, SIGNER_SCHEMES, schemeOf, signerFromUri } from '@weightseal/keys';
import { describe, expect, test } from 'vitest';

const guide = await readFile(new URL('../../../docs/key-uris.md', import.meta.url), 'utf8');

/** The first word of each line in the blocks of a kind; what follows says why. */
function uris(kind: string): string[] {
  const blocks = guide.matchAll(new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\``, 'gm'));
  return [...blocks]
    .flatMap(([, text = '']) => text.trimEnd().split('\n'))
    .map((line) => line.split(' ')[0]!);
}

describe('docs/key-uris.md', () => {
  test('has examples of every scheme', () => {
    expect(new Set(uris('uri').map(schemeOf))).toEqual(new Set(KEY_SCHEMES));
    expect(new Set(uris('refused').map(schemeOf))).toEqual(new Set([...KEY_SCHEMES, undefined, 's3']));
  });

  test.for(uris('uri'))('%s is a key', async (uri) => {
    const key = await keyFromUri(uri);
    expect([key.provider, schemeOf(key.uri)]).toEqual([schemeOf(uri), schemeOf(uri)]);
  });

  test.for(uris('refused'))('%s is refused', async (uri) => {
    await expect(keyFromUri(uri)).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:KEY_URI_INVALID|PROVIDER_UNKNOWN)$/),
    });
  });
});

describe('docs/key-uris.md, of keys that sign,', () => {
  test('has examples of every scheme', () => {
    expect(new Set(uris('signer').map(schemeOf))).toEqual(new Set(SIGNER_SCHEMES));
  });

  test.for(uris('signer'))('%s is a signer', async (uri) => {
    const signer = await signerFromUri(uri);
    expect([signer.provider, schemeOf(signer.uri)]).toEqual([schemeOf(uri), schemeOf(uri)]);
  });

  test.for(uris('signer-refused'))('%s is refused', async (uri) => {
    await expect(signerFromUri(uri)).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:KEY_URI_INVALID|PROVIDER_UNKNOWN)$/),
    });
  });
});

test('README.md has every option', async () => {
  const source = await readFile(new URL('../src/key-from-uri.ts', import.meta.url), 'utf8');
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [, options = ''] = /export interface KeyOptions \{\n([\s\S]*?)^\}/m.exec(source) ?? [];
  const names = [...options.matchAll(/^ {2}readonly (\w+)/gm)].map(([, name]) => name!);
  expect(names).toContain('formerUris');
  expect(names.filter((name) => !readme.includes(`\n| \`${name}\` |`))).toEqual([]);
});

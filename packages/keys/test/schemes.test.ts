import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { KEY_SCHEMES, PROVIDERS } from '../src/providers.js';
import { schemeMeant } from '../src/scheme-meant.js';

// PROVIDERS is the one list of schemes and packages. What cannot be made of it, since it is a text, a manifest or has to start soon, is held to it here.

const ROOT = new URL('../../../', import.meta.url);
const text = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
/** What an expression finds in a part of a file. */
const found = (path: string, part: RegExp, each: RegExp) =>
  [...(part.exec(text(path))?.[0] ?? '').matchAll(each)].map((match) => match[1]!);
const schemes = [...KEY_SCHEMES].sort();
const packages = [...new Set(Object.values(PROVIDERS).map((provider) => provider.package))].sort();
const folders = packages.map((name) => name.replace('@weightseal/', ''));

describe('every scheme, and no other, is in', () => {
  const lists: Record<string, readonly string[]> = {
    'the table of docs/key-uris.md': found(
      'docs/key-uris.md',
      /^\| scheme [\s\S]*?\n\n/m,
      /^\| `([\w-]+):`/gm,
    ),
    'the grammar of docs/key-uris.md': found('docs/key-uris.md', /^key-uri +=.*$/m, /([\w-]+)(?= \/|$)/g),
    'the help of the command line': [
      ...new Set(
        found('packages/cli/src/help.ts', /^Keys:$[\s\S]*?\n\n/m, /\b([a-z][a-z0-9-]*):(?=[<…/ ])/g),
      ),
    ],
    'what completion offers': found(
      'packages/cli/src/completing/values.ts',
      /^const SCHEMES = \[$[\s\S]*?^\]/m,
      /\['([\w-]+):/g,
    ),
  };
  test.for(Object.entries(lists))('%s', ([, list]) => {
    expect([...list].sort()).toEqual(schemes);
  });

  test('the README of the command line', () => {
    const readme = text('packages/cli/README.md');
    expect(schemes.filter((scheme) => !readme.includes(`\`${scheme}:`))).toEqual([]);
  });
});

describe('every package of keys, and no other, is', () => {
  test('in the table of docs/key-uris.md, beside its schemes', () => {
    const table = text('docs/key-uris.md').matchAll(/^\| `([\w-]+):` \|[^|]*\| `([^`]+)` \|$/gm);
    const expected = Object.entries(PROVIDERS).map(([scheme, provider]) => [scheme, provider.package]);
    expect([...table].map(([, scheme, name]) => [scheme, name])).toEqual(expected);
  });

  test('a folder', () => {
    const here = readdirSync(new URL('packages/', ROOT)).filter((name) => /^kms-(?!contract$)/.test(name));
    expect(here.sort()).toEqual(folders);
  });

  test('what this package can install', () => {
    const { dependencies, devDependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(
      text('packages/keys/package.json'),
    ) as Record<string, Record<string, unknown>>;
    const ours = (list: object | undefined) =>
      Object.keys(list ?? {}).filter((name) => name.startsWith('@weightseal/kms-'));
    const optional = packages.filter((name) => !ours(dependencies).includes(name));
    expect(
      [devDependencies, peerDependencies, peerDependenciesMeta].map((list) => ours(list).sort()),
    ).toEqual([optional, optional, optional]);
  });

  test('what the table of costs measures', () => {
    const measured = found('.ci/provider-costs.mjs', /^const KEYS = \{$[\s\S]*?^\}/m, /^ {2}'([\w-]+)':/gm);
    expect(measured.sort()).toEqual(folders);
  });
});

test('every other name of a scheme leads to one that there is', () => {
  const names = found('packages/keys/src/scheme-meant.ts', /^const ELSEWHERE[\s\S]*?^\}/m, /^ {2}(\w+): /gm);
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) expect(schemes).toContain(schemeMeant(name, KEY_SCHEMES));
});

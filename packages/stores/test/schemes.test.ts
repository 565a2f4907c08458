import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { STORE_SCHEMES, STORES } from '../src/providers.js';
import { storeMeant } from '../src/scheme-meant.js';

// STORES is the one list of schemes and packages. What cannot be made of it, since it is a text or a manifest, is held to it here.

const ROOT = new URL('../../../', import.meta.url);
const text = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
/** What an expression finds in a part of a file. */
const found = (path: string, part: RegExp, each: RegExp) =>
  [...(part.exec(text(path))?.[0] ?? '').matchAll(each)].map((match) => match[1]!);
const packages = [...new Set(Object.values(STORES).map((store) => store.package))].sort();
const folders = packages.map((name) => name.replace('@weightseal/', ''));

test('every scheme has the provider of its package', async () => {
  for (const scheme of STORE_SCHEMES) {
    const { scheme: its, options } = await STORES[scheme].load();
    expect(its).toBe(scheme);
    // The same everywhere.
    expect(options).toContain('proxy');
  }
});

describe('every package of stores, and no other, is', () => {
  test('in the table of docs/stores/uris.md', () => {
    const listed = found('docs/stores/uris.md', /^\| URI [\s\S]*?\n\n/m, /`@weightseal\/([\w-]+)`/g);
    expect(listed.sort()).toEqual(folders);
  });

  test('a folder', () => {
    const here = readdirSync(new URL('packages/', ROOT)).filter((name) => /^store-(?!contract$)/.test(name));
    expect(here.sort()).toEqual(folders);
  });

  test('what this package can install', () => {
    const { dependencies, devDependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(
      text('packages/stores/package.json'),
    ) as Record<string, Record<string, unknown>>;
    const ours = (list: object | undefined) =>
      Object.keys(list ?? {}).filter((name) => name.startsWith('@weightseal/store-'));
    const optional = packages.filter((name) => !ours(dependencies).includes(name));
    expect(
      [devDependencies, peerDependencies, peerDependenciesMeta].map((list) => ours(list).sort()),
    ).toEqual([optional, optional, optional]);
  });

  test('what the table of costs measures', () => {
    const measured = found('.ci/provider-costs.mjs', /^const STORES = \{$[\s\S]*?^\}/m, /^ {2}'([\w-]+)':/gm);
    expect(measured.sort()).toEqual(folders);
  });
});

test('every other name of a scheme leads to one that there is', () => {
  const names = found(
    'packages/stores/src/scheme-meant.ts',
    /^const ELSEWHERE[\s\S]*?^\}/m,
    /^ {2}(\w+): /gm,
  );
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) expect(STORE_SCHEMES).toContain(storeMeant(name, STORE_SCHEMES));
});

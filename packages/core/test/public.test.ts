import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const ROOT = new URL('../../../', import.meta.url).pathname;
const text = (path: string) => readFileSync(`${ROOT}${path}`, 'utf8');
const declared = globSync('packages/core/src/**/*.ts', { cwd: ROOT }).map(text).join('\n');
const hidden = [
  ...declared.matchAll(
    /@hidden(?: \*\/|\n \*\/)\nexport (?:async )?(?:function\*?|const|interface|type) (\w+)/g,
  ),
].map(([, name]) => name!);

test('what is hidden is exported, and for packages of ours that need it', () => {
  const index = text('packages/core/src/index.ts');
  const others = globSync('packages/!(core)/src/**/*.ts', { cwd: ROOT }).map(text).join('\n');
  expect(hidden.length).toBeGreaterThan(20);
  expect(hidden.length).toBe(declared.split('@hidden').length - 1 - index.split('@hidden').length + 1);
  for (const name of hidden) {
    expect(index, name).toMatch(new RegExp(`\\b${name}\\b`));
    expect(others, name).toMatch(new RegExp(`\\b${name}\\b`));
  }
});

test('no guide and no example tells anybody to use it', () => {
  const guides = globSync(['README.md', 'docs/**/*.md', 'packages/*/README.md', 'examples/*/*.ts'], {
    cwd: ROOT,
  });
  for (const guide of guides)
    for (const [, names = ''] of text(guide).matchAll(/import \{([^}]*)\} from '@weightseal\/core'/g))
      expect(
        hidden.filter((name) => names.split(/\W+/).includes(name)),
        guide,
      ).toEqual([]);
});

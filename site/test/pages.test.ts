import { existsSync, globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filePage, targetOf } from '../src/links.ts';
import { GENERATED, ROOT } from '../src/repository.ts';
import { addressOf, pages, routeOf } from '../src/routes.ts';
import { sidebar } from '../src/sidebar.ts';

/** Those that are written by hand, and the one that the sidebar names beside the reference of the API. */
const written = [...pages().filter((page) => !page.startsWith(GENERATED)), `${GENERATED}/cli.md`];

describe('a link in a page', () => {
  test('leads to the page that shows the file', () => {
    expect(targetOf('docs/providers/README.md', '../operations.md#one-call-per-load')).toEqual({
      kind: 'page',
      page: 'docs/operations.md',
      hash: '#one-call-per-load',
    });
  });

  test('to a directory leads to its README', () => {
    expect(targetOf('README.md', 'docs/providers')).toMatchObject({ page: 'docs/providers/README.md' });
  });

  test('to a file that is no page leads to a page that the build makes for it', () => {
    expect(targetOf('examples/model-server/README.md', 'deploy/kubernetes.yaml')).toEqual({
      kind: 'file',
      path: 'examples/model-server/deploy/kubernetes.yaml',
    });
    expect(addressOf(filePage('examples/model-server/deploy/kubernetes.yaml'))).toBe(
      '/files/examples/model-server/deploy/kubernetes-yaml',
    );
  });

  test.for(['https://c2sp.org/FLOE', 'mailto:a@example.org', '#here', '/quickstart'])('%s stays', (href) => {
    expect(targetOf('README.md', href)).toEqual({ kind: 'elsewhere' });
  });

  test.for(['nowhere.md', '../../etc/passwd', 'packages/core/dist/index.js', 'node_modules/vitest'])(
    'to %s is an error',
    (href) => {
      expect(() => targetOf('README.md', href)).toThrow(`README.md links to ${href}`);
    },
  );
});

describe('the sidebar', () => {
  test('has every page', () => {
    const text = JSON.stringify(sidebar(written));
    const listed = written.filter((page) => !page.startsWith('site/pages/'));
    expect(listed.length).toBeGreaterThan(30);
    expect(listed.filter((page) => !text.includes(`"link":"${addressOf(page)}"`))).toEqual([]);
  });

  test('refuses a page that no group takes, and says where to add it', () => {
    expect(() => sidebar([...written, 'docs/new.md'])).toThrow(
      'no group of the sidebar has docs/new.md: add it to GROUPS in site/src/sidebar.ts',
    );
  });

  test('refuses to name a page that is not there', () => {
    expect(() => sidebar(written.filter((page) => page !== 'docs/errors.md'))).toThrow(
      'names docs/errors.md',
    );
  });
});

test('no two pages have one address', () => {
  const routes = written.map(routeOf);
  expect(routes.length).toBe(new Set(routes).size);
});

test('each example has a README', () => {
  const examples = globSync('examples/*/package.json', { cwd: ROOT }).map(dirname);
  expect(examples.length).toBeGreaterThan(3);
  expect(examples.filter((one) => !existsSync(join(ROOT, one, 'README.md')))).toEqual([]);
});

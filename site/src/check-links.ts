// Every link and picture of the built site leads to a file of it, and every fragment to a heading: VitePress looks at pages only.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publishedPackages, SITE_OUTPUT } from './repository.ts';

const BASE = process.env['DOCS_BASE'] ?? '/';

interface Page {
  readonly path: string;
  readonly ids: ReadonlySet<string>;
  readonly links: readonly string[];
}

function read(path: string): Page {
  const html = readFileSync(join(SITE_OUTPUT, path), 'utf8');
  const values = (pattern: RegExp) => [...html.matchAll(pattern)].map(([, value]) => decode(value!));
  return {
    path,
    ids: new Set(values(/\sid="([^"]+)"/g)),
    links: values(/<(?:a|img|link|script)\s[^>]*?\b(?:href|src)="([^"]*)"/g),
  };
}

function decode(value: string): string {
  return value.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');
}

const pages = new Map(
  globSync('**/*.html', { cwd: SITE_OUTPUT }).map((path) => [path.replaceAll('\\', '/'), read(path)]),
);

/** What is wrong with a link, if anything is. */
function problem(page: Page, link: string): string | undefined {
  const url = new URL(link, `http://site${BASE}${page.path}`);
  if (url.host !== 'site' || url.protocol !== 'http:') return undefined;
  if (!url.pathname.startsWith(BASE)) return 'is outside the site';
  const path = decodeURIComponent(url.pathname.slice(BASE.length));
  const file = path === '' || path.endsWith('/') ? `${path}index.html` : path;
  const target = pages.get(file);
  if (target === undefined) return existsSync(join(SITE_OUTPUT, file)) ? undefined : 'is not there';
  const id = decodeURIComponent(url.hash.slice(1));
  return id === '' || target.ids.has(id) ? undefined : 'has no such heading';
}

const problems = [...pages.values()].flatMap((page) =>
  [...new Set(page.links)].flatMap((link) => {
    const found = problem(page, link);
    return found === undefined ? [] : [`${page.path} links to ${link}, which ${found}`];
  }),
);
for (const { folder, types } of publishedPackages())
  if (types !== undefined && !pages.has(`api/${folder}/index.html`))
    problems.push(`the API reference has nothing of packages/${folder}`);

for (const one of problems) console.error(one);
if (problems.length > 0) process.exit(1);
const links = [...pages.values()].reduce((sum, page) => sum + page.links.length, 0);
console.log(`site: ${pages.size} pages, and all their ${links} links lead somewhere`);

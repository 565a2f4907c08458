import { globSync } from 'node:fs';
import { ROOT } from './repository.ts';

/** Markdown of the repository that becomes a page. Other Markdown (changesets, change logs) does not. */
const PAGES = [
  'README.md',
  'FORMAT.md',
  'SECURITY.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'docs/**/*.md',
  'examples/*/README.md',
  'packages/*/README.md',
  'packages/core/vectors/README.md',
  'site/pages/*.md',
  'site/generated/**/*.md',
];

/** From the repository's paths to the site's, the first that fits. */
const MOVED: readonly [RegExp, string][] = [
  [/^README\.md$/, 'overview.md'],
  [/^site\/(?:pages|generated)\//, ''],
  [/^docs\/(.*)README\.md$/, '$1index.md'],
  [/^docs\//, ''],
  [/^(examples\/[^/]+|packages\/.+)\/README\.md$/, '$1.md'],
];

export function pages(): string[] {
  const found = globSync(PAGES, { cwd: ROOT, exclude: ['**/node_modules/**', '**/.venv/**'] });
  return found.map((path) => path.replaceAll('\\', '/')).sort();
}

/** The site's own path of a page, as VitePress writes it: `docs/providers/README.md` is `providers/index.md`. */
export function routeOf(page: string): string {
  const moved = MOVED.find(([from]) => from.test(page));
  const path = moved === undefined ? page : page.replace(moved[0], moved[1]);
  return path.startsWith('api/') ? path.replace(/(^|\/)README\.md$/, '$1index.md') : lowerFirstPart(path);
}

/** FORMAT.md is /format: addresses are in small letters. */
function lowerFirstPart(path: string): string {
  return path.includes('/') ? path : path.toLowerCase();
}

/** What a browser asks for. */
export function addressOf(page: string): string {
  return `/${routeOf(page)
    .replace(/\.md$/, '')
    .replace(/(^|\/)index$/, '$1')}`;
}

// A link in a page leads to a file of the repository, as it does in a checkout. On the site it leads to the page that shows that file.
import { existsSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';
import { GENERATED, ROOT } from './repository.ts';
import { addressOf, pages } from './routes.ts';

type Token = ReturnType<MarkdownRenderer['parse']>[number];

let known: ReadonlySet<string> | undefined;
const ELSEWHERE = /^(?:[a-z][a-z\d+.-]*:|\/\/|#|\/)/i;

export type Target =
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'page'; readonly page: string; readonly hash: string }
  /** A file or directory that no page shows by itself. */
  | { readonly kind: 'file'; readonly path: string };

/** Where a link leads; throws where it leads nowhere. `page` and what comes back are paths below the repository's root. */
export function targetOf(page: string, href: string): Target {
  if (ELSEWHERE.test(href)) return { kind: 'elsewhere' };
  const [, name, hash] = /^([^#]*)(.*)$/.exec(href)!;
  const path = relative(ROOT, resolve(ROOT, dirname(page), decodeURIComponent(name!)));
  if (path.startsWith('..') || /(^|\/)(node_modules|dist)(\/|$)/.test(path) || !existsSync(join(ROOT, path)))
    throw new Error(`${page} links to ${href}, which is not in the repository`);
  const asPage = [path, join(path, 'README.md')].find((one) => isPage(one));
  return asPage === undefined ? { kind: 'file', path } : { kind: 'page', page: asPage, hash: hash! };
}

/** Looked up when the first link is: some pages are made by the build itself. */
function isPage(path: string): boolean {
  known ??= new Set(pages());
  return known.has(path);
}

/** The page that the build makes for a file: examples/model-server/deploy is files/examples/model-server/deploy.md. */
export function filePage(path: string): string {
  return `${GENERATED}/files/${path.replaceAll('.', '-')}.md`;
}

/** The tokens of links, at any depth. */
export function links(tokens: readonly Token[]): Token[] {
  return tokens.flatMap((token) => [
    ...(token.type === 'link_open' ? [token] : []),
    ...(token.children ? links(token.children) : []),
  ]);
}

export function isDirectory(path: string): boolean {
  return statSync(join(ROOT, path)).isDirectory();
}

/** For VitePress, which then checks that each address has a page. */
export function repositoryLinks(md: MarkdownRenderer): void {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    // A title that is rendered by itself is of no page, and has no links that lead anywhere.
    const path: string | undefined = env?.realPath ?? env?.path;
    if (path === undefined) return;
    const page = relative(ROOT, path);
    for (const token of links(tokens)) {
      const target = targetOf(page, token.attrGet('href') ?? '');
      if (target.kind === 'page') token.attrSet('href', addressOf(target.page) + target.hash);
      if (target.kind === 'file') token.attrSet('href', addressOf(filePage(target.path)));
    }
  });
}

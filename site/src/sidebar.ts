// Pages by task. A page that no group takes is an error: whoever writes one says where readers find it.
import { globSync, readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import type { DefaultTheme } from 'vitepress';
import { API, GENERATED, ROOT } from './repository.ts';
import { addressOf, pages } from './routes.ts';

type Item = DefaultTheme.SidebarItem;

interface Group {
  readonly text: string;
  /** Paths of pages below the repository's root, or patterns; each page stands where it is named first. */
  readonly pages: readonly string[];
  readonly inner?: readonly Group[];
}

const GROUPS: readonly Group[] = [
  {
    text: 'Start',
    pages: ['docs/install*.md', 'docs/quickstart.md', 'README.md'],
    inner: [{ text: 'Examples', pages: ['examples/quickstart/README.md', 'examples/*/README.md'] }],
  },
  { text: 'Seal and open', pages: ['docs/seal-and-open.md', 'docs/bundl*.md'] },
  {
    text: 'Keys',
    pages: ['docs/providers/README.md', 'docs/key-uris.md', 'docs/providers/*.md'],
  },
  {
    text: 'Stores',
    pages: ['docs/stores/README.md', 'docs/stores/uris.md', 'docs/stores/*.md'],
  },
  { text: 'Sign and verify', pages: ['docs/releases.md', 'docs/signing.md', 'docs/trust.md', 'docs/bom.md'] },
  { text: 'Configuration', pages: ['docs/configuration.md'] },
  { text: 'Load into memory', pages: ['docs/loading.md'] },
  {
    text: 'Operate',
    pages: [
      'docs/who-can-open.md',
      'docs/operations.md',
      'docs/storage-audit.md',
      'docs/storage-configure.md',
      'docs/transit.md',
      'docs/serving.md',
      'docs/pulling.md',
      'docs/peer-to-peer.md',
    ],
  },
  {
    text: 'Reference',
    pages: [
      `${GENERATED}/cli.md`,
      'docs/errors.md',
      `${API}/README.md`,
      'FORMAT.md',
      'docs/reader/README.md',
      'packages/core/vectors/README.md',
    ],
    inner: [
      {
        text: 'Packages',
        pages: ['packages/cli/README.md', 'packages/core/README.md', 'packages/*/README.md'],
      },
    ],
  },
  {
    text: 'Understand',
    pages: ['SECURITY.md', 'ARCHITECTURE.md', 'docs/performance.md', 'CONTRIBUTING.md'],
    inner: [{ text: 'Decisions', pages: ['docs/decisions/*.md'] }],
  },
];

/** Titles that say less beside the others than above their page. */
const SHORT: Readonly<Record<string, string>> = {
  'README.md': 'Nine tasks',
  'FORMAT.md': 'The format',
  'SECURITY.md': 'Threat model',
  'docs/loading.md': 'Loading',
  'docs/providers/README.md': 'All providers',
  'docs/stores/README.md': 'All stores',
  'docs/reader/README.md': 'Reader in Python',
  [`${GENERATED}/cli.md`]: 'Command line',
  [`${API}/README.md`]: 'API',
};
const NOT_LISTED = ['site/pages/*.md', `${API}/**`, `${GENERATED}/files/**`];

/** Of these pages, which are all that there are unless told. */
export function sidebar(all: readonly string[] = pages()): Item[] {
  const left = new Set(all.filter((page) => !NOT_LISTED.some((pattern) => matchesGlob(page, pattern))));
  left.add(`${API}/README.md`);
  const items = GROUPS.map((group) => itemOf(group, left));
  if (left.size > 0)
    throw new Error(
      `no group of the sidebar has ${[...left].join(', ')}: add it to GROUPS in site/src/sidebar.ts`,
    );
  return items;
}

function itemOf({ text, pages: patterns, inner }: Group, left: Set<string>): Item {
  const own = patterns.flatMap((pattern) => {
    const found = [...left].filter((page) => page === pattern || matchesGlob(page, pattern)).sort();
    if (found.length === 0 && !pattern.includes('*'))
      throw new Error(`the sidebar names ${pattern}, which is no page`);
    for (const page of found) left.delete(page);
    return found.map((page) => ({ text: SHORT[page] ?? titleOf(page), link: addressOf(page) }));
  });
  const groups = (inner ?? []).map((group) => ({ ...itemOf(group, left), collapsed: true }));
  return { text, items: [...own, ...groups] };
}

function titleOf(page: string): string {
  const title = /^# (.+)$/m.exec(readFileSync(join(ROOT, page), 'utf8'))?.[1];
  if (title === undefined) throw new Error(`${page} has no title`);
  return title.replaceAll('`', '');
}

interface Entry {
  readonly title: string;
  readonly path?: string;
  readonly children?: readonly Entry[];
}

/** What the generator of the API reference tells of its own pages. */
export function apiSidebar(): Item[] {
  if (globSync(`${API}/navigation.json`, { cwd: ROOT }).length === 0) return [];
  const entries: Entry[] = JSON.parse(readFileSync(join(ROOT, API, 'navigation.json'), 'utf8'));
  return [
    { text: 'All packages', link: addressOf(`${API}/README.md`) },
    ...entries.map((entry) => ({ ...apiItem(entry), collapsed: true })),
  ];
}

function apiItem({ title, path, children }: Entry): Item {
  return {
    text: title,
    ...(path === undefined ? {} : { link: addressOf(`${API}/${path}`) }),
    ...(children === undefined ? {} : { items: children.map(apiItem) }),
  };
}

import { join } from 'node:path';
import { slug } from 'github-slugger';
import { defineConfig, type Plugin, type UserConfig } from 'vitepress';
import { repositoryLinks } from './links.ts';
import { ROOT } from './repository.ts';
import { pages, routeOf } from './routes.ts';
import { apiSidebar, sidebar } from './sidebar.ts';
import { terminalPictures } from './terminal/pictures.ts';

/** Where the site is not at the root of its host: `/docs/`. */
const BASE = (process.env['DOCS_BASE'] ?? '/') as `/${string}/`;
const PAGES: ReadonlySet<string> = new Set(pages());

/** Pages lie outside this package; what they are compiled to imports modules that are found from here only. */
const siteModules: Plugin = {
  name: 'site-modules',
  enforce: 'pre',
  resolveId(source, _importer, options) {
    if (!/^vue(\/|$)/.test(source)) return null;
    return this.resolve(source, join(ROOT, 'site/package.json'), { ...options, skipSelf: true });
  },
};

const config: UserConfig = defineConfig({
  title: 'weightseal',
  description: 'Seal machine-learning model weights, and open them in memory at the speed of a plain copy.',
  lang: 'en',
  base: BASE,
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${BASE}icon.svg` }]],
  srcDir: ROOT,
  srcExclude: ['site/README.md', '**/CHANGELOG.md', '**/.venv/**'],
  outDir: join(ROOT, 'site/dist'),
  cacheDir: join(ROOT, 'site/.cache'),
  rewrites: (page) => (PAGES.has(page) ? routeOf(page) : page),
  vite: {
    publicDir: join(ROOT, 'site/public'),
    plugins: [siteModules],
    // The index of the search is larger than what one is warned of.
    build: { chunkSizeWarningLimit: 4096 },
  },
  markdown: {
    // The addresses of headings are those that GitHub makes.
    anchor: { slugify: (text: string) => slug(text) },
    // `{model}` is text.
    attrs: { disable: true },
    // Its comments and assignments look the same.
    languageAlias: { abnf: 'ini' },
    // Nothing in these is coloured.
    languages: [{ name: 'uri', aliases: ['refused'], scopeName: 'text.uri', patterns: [], repository: {} }],
    config: (md) => {
      md.use(repositoryLinks);
      md.use(terminalPictures);
    },
  },
  themeConfig: {
    logo: '/icon.svg',
    nav: [
      { text: 'Quickstart', link: '/quickstart' },
      { text: 'Command line', link: '/cli' },
      { text: 'API', link: '/api/' },
      { text: 'Security', link: '/security' },
    ],
    sidebar: { '/': sidebar(), '/api/': apiSidebar() },
    outline: [2, 3],
    search: { provider: 'local' },
    docFooter: { prev: 'Before', next: 'Next' },
  },
});

export default config;
